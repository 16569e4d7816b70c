import TallyModel
import TallySQLite

extension StoreKind {
    static let sqlite = StoreKind(
        name: "sqlite",
        settings: [
            Setting(key: "path", form: .path, remedy: "write where the SQLite file is: path: shop.db")
        ],
        open: { store, observer in SQLiteStore(path: store.settings["path"] ?? "", observer: observer) }
    )
}
