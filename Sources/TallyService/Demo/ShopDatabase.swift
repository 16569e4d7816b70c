import TallyModel

/// The shop of the demonstration: four tables with what real ones have, and rows that follow from their numbers.
struct ShopDatabase {
    static let customers = 30_000
    static let products = 2_000
    static let orders = 45_000
    /// How many products may get another key.
    static let renamed = 100
    static let rows = customers + products + orders + (1...orders).reduce(0) { $0 + lines(ofOrder: $1) }

    /// The tables, each after those that it refers to.
    static let tables = ["customers", "products", "orders", "order_lines"]

    let connection: any ShopConnection

    /// Makes the tables and fills them.
    func make() throws {
        try connection.execute(type(of: connection).schema)
        try connection.transaction {
            for number in 1...Self.customers { try addCustomer(number) }
            for number in 1...Self.products { try addProduct(number) }
            for number in 1...Self.orders {
                try addOrder(number, customer: 1 + number * 7919 % (Self.customers - 1000))
            }
        }
    }

    // MARK: Rows

    func addCustomer(_ number: Int) throws {
        try connection.run(
            "INSERT INTO customers VALUES (?, ?, ?, ?, ?)",
            .integer(Int64(number)),
            .text(Self.name(number)),
            .text(Self.email(number)),
            .text(Self.cities[number % Self.cities.count]),
            number.isMultiple(of: 3) ? .null : .text("+420 \(600_000_000 + number * 977)")
        )
    }

    func addProduct(_ number: Int) throws {
        let photo = (0..<(200 + number % 400)).map { UInt8(truncatingIfNeeded: $0 &* number &* 31) }
        try connection.run(
            "INSERT INTO products VALUES (?, ?, ?, ?)",
            .text(Self.sku(number)),
            .text("\(Self.adjectives[number % Self.adjectives.count]) \(Self.things[number / 7 % Self.things.count])"),
            .real(Double(99 + number * 37 % 90_000) / 100),
            number.isMultiple(of: 11) ? .null : .bytes(photo)
        )
    }

    /// An order with its lines.
    func addOrder(_ number: Int, customer: Int) throws {
        let day = number % 28 + 1
        try connection.run(
            "INSERT INTO orders VALUES (?, ?, ?, ?, ?)",
            .integer(Int64(number)),
            .integer(Int64(customer)),
            .text("2026-0\(number % 9 + 1)-\(day < 10 ? "0" : "")\(day)"),
            .text(number.isMultiple(of: 4) ? "new" : "paid"),
            number.isMultiple(of: 5) ? .text("prosím zvonit — 呼び鈴を鳴らす") : .null
        )
        for line in 1...Self.lines(ofOrder: number) {
            let product = Self.product(ofOrder: number, line)
            try connection.run(
                "INSERT INTO order_lines VALUES (?, ?, ?, ?, ?)",
                .integer(Int64(number)),
                .integer(Int64(line)),
                .text(Self.sku(product)),
                .integer(Int64(1 + (number + line) % 5)),
                .real(Double(99 + product * 37 % 90_000) / 100)
            )
        }
    }

    /// Old orders now and then have one of the products that get another key during the day; new ones never do.
    private static func product(ofOrder number: Int, _ line: Int) -> Int {
        let isRenamed = line == 1 && number <= orders && number.isMultiple(of: 20)
        return isRenamed ? number / 20 % renamed + 1 : renamed + (number * 31 + line * 17) % (products - renamed) + 1
    }

    static func lines(ofOrder number: Int) -> Int { 1 + number % 5 }
    static func sku(_ number: Int) -> String { "SKU-\(10_000 + number)" }
    static func email(_ number: Int) -> String { "customer\(number)@shop.example" }

    static func name(_ number: Int) -> String {
        "\(firstNames[number % firstNames.count]) \(lastNames[number / firstNames.count % lastNames.count])"
    }

    private static let firstNames = [
        "Zoë", "Jiří", "Søren", "Siân", "さくら", "Łukasz", "Anaïs", "Ömer", "Nguyễn", "Иван",
    ]
    private static let lastNames = ["O’Brien", "Dvořák", "Ångström", "田中", "García", "Müller", "Иванова", "Þórsson"]
    private static let cities = ["Praha", "København", "São Paulo", "東京", "Zürich", "Kraków", "Reykjavík", "Αθήνα"]
    private static let adjectives = ["Quiet", "Folding", "Blue", "Second-hand", "Waterproof", "Tiny", "Heavy"]
    private static let things = ["lamp", "teapot", "bicycle bell", "notebook", "umbrella", "kettle", "chair", "map"]
}
