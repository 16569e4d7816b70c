import Logging
import TallyModel

/// Tables whose rows came or went with whole partitions, which no change in the stream tells.
///
/// They are loaded again, comparing, but not before the stream has passed what happened: changes from before it, made
/// after the load, would bring back rows that are gone.
extension FlowSession {
    /// Plans another load of the table where its partitions have changed unseen since it was `former`.
    ///
    /// Until that load begins the progress speaks of the former partitions, for the sake of a restart.
    func keepPartitions(in progress: inout TableProgress, since former: TableSchema?) async throws {
        let table = progress.adopted.name
        tables[table]?.reloadDue = nil
        guard let former, !former.isAnother(than: progress.adopted),
            let reason = progress.adopted.unseenChange(since: former)
        else { return }
        progress.adopted.partitions = former.partitions
        tables[table]?.reloadDue = try await source.latest()
        context.logger.warning("table is loaded again", metadata: ["table": "\(table)", "reason": "\(reason)"])
    }

    /// Begins the loads that the stream has come far enough for; never inside a batch.
    func beginDueReloads() async throws {
        let due = tables.filter { $1.isFollowed && $1.reloadDue.map { $0 <= checkpoint } ?? false }
        for (name, state) in due.sorted(by: { $0.key < $1.key }) {
            // What is now is what the stream has passed.
            tables[name]?.progress?.adopted.partitions = state.schema.partitions
            try await begin(state.schema, again: true)
        }
    }
}
