import TallyModel
import TallyPostgres

extension StoreKind {
    static let postgres = StoreKind(
        name: "postgres",
        settings: [
            Setting(
                key: "url",
                form: .text,
                remedy: "write where the database is: url: postgres://USER@HOST/DATABASE"
            ),
            Setting(key: "password", form: .text, remedy: nil),
        ],
        problem: { settings in
            do {
                _ = try ConnectionOptions(settings["url"] ?? "", password: settings["password"])
                return nil
            } catch let error as StoreError {
                return ("url", error.message)
            } catch {
                return ("url", "\(error)")
            }
        },
        open: { store, observer in
            do {
                let options = try ConnectionOptions(store.settings["url"] ?? "", password: store.settings["password"])
                return PostgresStore(options, observer: observer)
            } catch {
                preconditionFailure("a configuration holds only addresses that can be read")
            }
        }
    )
}
