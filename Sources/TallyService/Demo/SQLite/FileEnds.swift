import SQLite
import TallyModel

/// Two SQLite files in the demo's folder.
struct FileEnds: DemoEnds {
    let folder: String

    let shop = "shop.db"
    let copy = "copy.db"
    let preface: String? = nil

    var stores: String {
        """
          shop: { kind: sqlite, path: \(shop) }
          copy: { kind: sqlite, path: \(copy) }
        """
    }

    func connect() throws -> any ShopConnection {
        try Connection(path: folder + "/" + shop, access: .create)
    }

    func proof() async throws -> any DemoProof {
        try FileProof(source: folder + "/" + shop, target: folder + "/" + copy)
    }

    func close() async {}
}
