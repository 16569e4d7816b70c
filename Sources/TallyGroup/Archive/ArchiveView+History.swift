import Foundation
import TallyLedger
import TallyMerge
import TallyModel

extension ArchiveView {
    func history(of name: String, key text: String) throws -> RowHistory {
        let table = try table(named: name)
        let id = try row(of: table, key: text)
        let recorded = try ledger.history(of: id)
        let origins = try ledger.origins(of: id)
        let conflicts = Dictionary(grouping: try ledger.conflicts(of: id), by: \.sequence)
        let versions = try recorded.map { one in
            let version = one.version
            let write = one.write
            let unseen = recorded.filter { earlier in
                guard let write, let former = earlier.write else { return false }
                return earlier.version.sequence > version.base && earlier.version.sequence < version.sequence
                    && !write.stamp.context.includes(former.stamp.dot)
            }
            return RowHistory.Version(
                sequence: version.sequence,
                author: authors.name(of: version.dot.actor),
                committed: one.committed,
                seen: write.map { origins.seen(by: $0, base: version.base) } ?? version.base,
                unseen: unseen.map(\.version.sequence),
                write: write,
                row: try version.withheld.map(\.shown.row) ?? outcome(of: version.state, id).row,
                conflicts: (conflicts[version.sequence] ?? []).map(\.id)
            )
        }
        return RowHistory(table: table.schema, key: try KeyCoding.decode(id.key), versions: versions)
    }

    /// The row that a person means by a key.
    private func row(of table: GroupTable, key text: String) throws -> RowID {
        let columns = table.schema.keyColumns
        let parts = try parts(of: text, columns)
        let sample = try ledger.sampleKey(of: table.number)
        var keys: [[Value]] = [[]]
        for (place, part) in parts.enumerated() {
            // As keys of the table are, first; what else the text could mean after that.
            var readings = GivenValue(part).readings
            // A text that is no such value is only read otherwise.
            if let example = sample?.values[place],
                let value = try? GivenValue(part).value(for: columns[place], like: [example])
            {
                readings.insert(value, at: 0)
            }
            keys = readings.flatMap { reading in keys.map { $0 + [reading] } }
        }
        for id in keys.flatMap({ table.ids(of: Row($0)) }) where try ledger.latest(of: id) != nil { return id }
        throw Refusal(
            .notFound,
            "the ledger of group \(settings.name) knows no row of \(table.schema.name) with "
                + zip(columns, parts).map { "\($0.name) = \($1)" }.joined(separator: ", ")
        )
    }

    private func parts(of text: String, _ columns: [Column]) throws(Refusal) -> [String] {
        var parts =
            columns.count == 1 ? [text] : text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        if text.hasPrefix("["), let list = JSONKey(text)?.parts { parts = list }
        guard parts.count == columns.count else {
            let names = columns.map(\.name)
            throw Refusal(
                .invalid,
                "the key is (\(names.joined(separator: ", "))): write \(names.joined(separator: ",")) with values in their "
                    + "place, or a JSON array"
            )
        }
        return parts
    }
}

/// A key written as a JSON array: strings, numbers, booleans.
private struct JSONKey {
    let parts: [String]

    init?(_ text: String) {
        // What is no JSON array is read as plain text.
        guard let list = try? JSONDecoder().decode([Part].self, from: Data(text.utf8)) else { return nil }
        parts = list.map(\.text)
    }

    private struct Part: Decodable {
        let text: String

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            // One kind after the other, as the decoder asks for it; the last says what is wrong.
            if let integer = try? container.decode(Int64.self) {
                text = String(integer)
            } else if let flag = try? container.decode(Bool.self) {
                text = String(flag)
            } else if let real = try? container.decode(Double.self) {
                text = String(real)
            } else {
                text = try container.decode(String.self)
            }
        }
    }
}
