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
            // How much log the server may keep for a flow before `tally status` says so.
            Setting(key: "backlog", form: .text, remedy: nil),
        ],
        problem: { settings in
            if let text = settings["backlog"], ByteCount(configured: text) == nil {
                return ("backlog", "is no \(ByteCount.configuredForm)")
            }
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
                let budget = store.settings["backlog"].flatMap(ByteCount.init(configured:)) ?? LogContext.budget
                return PostgresStore(options, log: LogContext(observer: observer, budget: budget))
            } catch {
                preconditionFailure("a configuration holds only addresses that can be read")
            }
        }
    )
}
