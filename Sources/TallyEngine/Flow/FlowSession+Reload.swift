import Logging
import TallyModel

/// Tables whose rows came or went with whole partitions, which no change in the stream tells.
///
/// They are loaded again, comparing, but not before the stream has passed what happened: changes from before it, made
/// after the load, would bring back rows that are gone.
extension FlowSession {
    /// Notes that a table is to be loaded again when the stream is where the source is now.
    func planReload(of table: TableName, because reason: String) async throws {
        tables[table]?.reloadDue = try await source.latest()
        context.logger.warning("table is loaded again", metadata: ["table": "\(table)", "reason": "\(reason)"])
    }

    /// Begins the loads that the stream has come far enough for; never inside a batch.
    func beginDueReloads() async throws {
        let due = tables.filter { $1.isFollowed && $1.reloadDue.map { $0 <= checkpoint } ?? false }
        for (_, state) in due.sorted(by: { $0.key < $1.key }) { try await begin(state.schema, again: true) }
    }
}
