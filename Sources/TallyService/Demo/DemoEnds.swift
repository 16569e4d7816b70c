/// The two databases of the demonstration: the shop's own, and the copy that Tally keeps.
protocol DemoEnds: Sendable {
    /// What each is called where they are compared.
    var shop: String { get }
    var copy: String { get }
    /// The lines under `stores:` of the configuration.
    var stores: String { get }
    /// What the demo had to start before anything else, for people; `nil` for nothing.
    var preface: String? { get }

    /// Opens the shop's database for the program that owns its data.
    func connect() throws -> any ShopConnection

    /// Opens both for questions, through connections that are none of Tally's.
    func proof() async throws -> any DemoProof

    /// Ends what was started.
    func close() async
}
