import Threading

/// The program that owns the shop's data: it writes through a plain connection and knows nothing of Tally.
actor ShopClerk {
    private let thread = DatabaseThread(name: "shop")
    private let shop: ShopDatabase
    private(set) var deeds: [ShopDay.Deed: Int] = [:]

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(_ ends: any DemoEnds) throws {
        shop = ShopDatabase(connection: try ends.connect())
    }

    func makeShop() throws {
        try shop.make()
    }

    func step(_ number: Int) throws {
        deeds[try ShopDay(shop: shop).step(number), default: 0] += 1
    }

    func closeDay() throws {
        try ShopDay(shop: shop).close()
    }

    var transactions: Int { deeds.values.reduce(0, +) }
}
