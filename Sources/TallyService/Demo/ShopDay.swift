import TallyModel

/// What the shop does while it is being copied: one transaction a step, each kind of write in turn.
struct ShopDay {
    enum Deed: String, CaseIterable {
        case order = "orders placed, each with its lines in one transaction"
        case payment = "orders paid"
        case cancellation = "orders cancelled, their lines with them"
        case edit = "customers edited, some values to NULL"
        case price = "prices changed"
        case product = "products added, with a photo"
        case key = "products given another primary key, their order lines with them"
        case replacement = "customers added in the place of another with their e-mail address"
    }

    let shop: ShopDatabase

    /// The order that ``close()`` places: once a copy has it, the copy has all that came before it.
    static let lastOrder = 9_999_999

    /// Does what is next.
    func step(_ number: Int) throws -> Deed {
        let deed = Self.deed(number)
        let (connection, turn) = (shop.connection, number / 20 + 1)
        try connection.transaction {
            switch deed {
            case .order: try shop.addOrder(ShopDatabase.orders + number + 1, customer: number % 10_000 + 1)
            case .payment:
                let order = Value.integer(Int64(number * 37 % ShopDatabase.orders + 1))
                try connection.run("UPDATE orders SET status = 'paid', note = NULL WHERE id = ?", order)
            case .cancellation: try connection.run("DELETE FROM orders WHERE id = ?", .integer(Int64(number + 1)))
            case .edit:
                let customer = Value.integer(Int64(number * 13 % ShopDatabase.customers + 1))
                try connection.run("UPDATE customers SET phone = NULL, city = 'Brno' WHERE id = ?", customer)
            case .price:
                let sku = Value.text(ShopDatabase.sku(number * 7 % ShopDatabase.products + 1))
                try connection.run("UPDATE products SET price = round(price * 1.1, 2) WHERE sku = ?", sku)
            case .product: try shop.addProduct(ShopDatabase.products + number + 1)
            case .key:
                let old = ShopDatabase.sku(turn)
                let new = old + "-B"
                try connection.run("UPDATE products SET sku = ? WHERE sku = ?", .text(new), .text(old))
            case .replacement:
                // The e-mail address is another customer's, one who never ordered.
                let other = ShopDatabase.customers - 1000 + turn
                try connection.replaceCustomer(
                    .integer(Int64(ShopDatabase.customers + number + 1)),
                    name: .text(ShopDatabase.name(number)),
                    email: .text(ShopDatabase.email(other))
                )
            }
        }
        return deed
    }

    /// Places the last order.
    func close() throws {
        try shop.connection.transaction { try shop.addOrder(Self.lastOrder, customer: 1) }
    }

    private static func deed(_ number: Int) -> Deed {
        switch number % 20 {
        case 0..<7: .order
        case 7..<11: .payment
        case 11..<13: .cancellation
        case 13..<15: .edit
        case 15..<17: .price
        case 17: .product
        case 18: .key
        default: .replacement
        }
    }
}
