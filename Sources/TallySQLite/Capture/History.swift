import SQLite
import TallyModel

/// Positions in a source's log, and whether a checkpoint still belongs to it.
///
/// A position carries a fingerprint of the log's row at its place. The row there stays for as long as any flow may ask
/// for it, so that a file restored from an older backup, whose log went on differently, is told from the true one.
enum History {
    /// The number of the last row of the log.
    static func lastSequence(in connection: Connection) throws -> Int64 {
        guard case .integer(let sequence)? = try connection.first("SELECT max(seq) FROM _tally_log")?.first else {
            throw lost("the source's log of changes is empty", in: connection)
        }
        return sequence
    }

    static func position(at sequence: Int64, in connection: Connection) throws -> Position {
        guard let fingerprint = try fingerprint(at: sequence, in: connection) else {
            throw lost("row \(sequence) of the source's log of changes is gone", in: connection)
        }
        return Position(order: UInt64(sequence), detail: fingerprint)
    }

    /// - Throws: ``StoreError`` with `sourceReplaced`, `historyLost` or `historyWentBackwards` when the flow's stream
    ///   cannot go on from the checkpoint.
    static func verify(_ checkpoint: Checkpoint, of flow: String, in connection: Connection) throws {
        guard try StoreIdentity.read(in: connection) == checkpoint.sourceID else {
            throw StoreError(
                .sourceReplaced,
                "\(connection.path): this is not the file that was read before",
                remedy: .putBackOrBeginAgain
            )
        }
        guard try CaptureTables.exist(in: connection),
            try Consumers.all(in: connection).contains(where: { $0.flow == flow })
        else {
            throw lost("capture for \(flow) was removed from the file", in: connection)
        }
        try verify(checkpoint.position, in: connection)
    }

    /// - Throws: ``StoreError`` with `historyLost` or `historyWentBackwards` when the stream cannot go on from there.
    static func verify(_ position: Position, in connection: Connection) throws {
        let sequence = Int64(clamping: position.order)
        if let found = try fingerprint(at: sequence, in: connection) {
            guard found != position.detail else { return }
            throw wentBackwards(
                "row \(sequence) of its log is not the one that was read",
                in: connection
            )
        }
        let last = try lastSequence(in: connection)
        if last < sequence {
            throw wentBackwards(
                "row \(sequence) of its log was read, and the log ends at \(last)",
                in: connection
            )
        }
        throw lost("the changes after row \(sequence) of its log were removed", in: connection)
    }

    static func lost(_ what: String, in connection: Connection) -> StoreError {
        StoreError(
            .historyLost,
            "\(connection.path): \(what), so the stream cannot go on where it was",
            remedy: .beginAgain
        )
    }

    static func wentBackwards(_ what: String, in connection: Connection) -> StoreError {
        StoreError(
            .historyWentBackwards,
            "\(connection.path): \(what): the file was restored from an older backup, or lost its last commits in a crash",
            remedy: .beginAgain
        )
    }

    /// A hash of a row's values that does not change when the log is given more columns; `nil` when there is no row.
    private static func fingerprint(at sequence: Int64, in connection: Connection) throws -> String? {
        // Compiled each time: a kept statement would not see columns that were added since.
        let statement = try connection.prepare("SELECT * FROM _tally_log WHERE seq = ?")
        try statement.bind(.integer(sequence), at: 1)
        guard try statement.step() else { return nil }
        var hash = StableHash()
        for column in 0..<statement.columnCount where !statement.isNull(at: column) {
            hash.combine(column)
            hash.combine(statement.value(at: column))
        }
        return String(hash.value, radix: 16)
    }
}
