import TallyModel

/// Writes rows of one schema to one table of the target.
///
/// Belongs to the connection's isolation domain. A change of the table's structure makes a new writer necessary.
final class TableWriter {
    /// From here on COPY is worth its two round trips.
    private static let enoughToCopy = 48

    let fit: TableFit
    let statements: RowStatements
    private var buffer: CopyBuffer
    /// How far the sequences of columns have to be, for rows that were written since they were last taken.
    private(set) var marks: [TargetSequence: Int64] = [:]
    private let sequences: [(place: Int, sequence: TargetSequence)]
    /// `nil` until somebody asks.
    private var foreignKeys: [ForeignKey]?
    var deferredConstraints: [(name: String, obstacle: Obstacle)]?

    init(_ schema: TableSchema, in target: TargetTable) throws {
        fit = TableFit(schema, in: target)
        statements = try RowStatements(fit)
        buffer = CopyBuffer(columns: statements.fields.map(\.column), places: statements.fields.map(\.place))
        sequences = statements.fields.compactMap { field in field.sequence.map { (field.place, $0) } }
    }

    var schema: TableSchema { fit.schema }
    var target: TargetTable { fit.target }

    /// What is right for changes of the table's rows.
    var discipline: ApplyPlanner.Discipline { fit.hasSecondUnique ? .ordered : .folding }

    /// The foreign keys that the table has, and those that refer to it, as they were when first asked for.
    func foreignKeys(in target: TargetConnection) throws -> [ForeignKey] {
        guard self.target.hasForeignKeys else { return [] }
        if let foreignKeys { return foreignKeys }
        let read = try ForeignKeyReader(target.ready()).foreignKeys(of: self.target.table)
        foreignKeys = read
        return read
    }

    // MARK: Rows that are not there

    /// Whether so many rows are better sent by COPY. Where policies decide about rows the server refuses it.
    func copies(_ count: Int) -> Bool { count >= Self.enoughToCopy && !target.hasPolicies }

    /// Sends rows by COPY.
    ///
    /// - Parameter stage: A temporary table with the same fields; `nil` for the table itself.
    /// - Returns: The rows that no form of the server's can hold, which were left out.
    func copy(_ rows: [Row], to target: TargetConnection, stage: String? = nil) throws -> [Refusal] {
        let misspelt = misspelt(rows)
        guard misspelt.isEmpty else {
            let kept = rows.indices.filter { misspelt[$0] == nil }
            let others = try copy(kept.map { rows[$0] }, to: target, stage: stage)
            return Self.refusals(misspelt) + others.map { Refusal(row: kept[$0.row], reason: $0.reason) }
        }
        let problems = buffer.fill(rows.count) { rows[$0] }
        noteSequences(rows)
        if buffer.rowCount > 0 {
            let isBinary = buffer.format == .binary
            let sql = stage.map { statements.copy(to: $0, isBinary: isBinary) } ?? statements.copy(isBinary: isBinary)
            try target.copy(sql) { connection in
                try buffer.withBytes(connection.send)
            }
        }
        return problems.map { Refusal(row: $0.index, reason: $0.problem.description) }
    }

    /// Rows whose keys may not be written, for no other reason than that they could meet others there.
    private func misspelt(_ rows: [Row]) -> [Int: String] {
        var refusals: [Int: String] = [:]
        for part in statements.key where statements.fields[part.field].spelling != nil {
            note(&refusals, of: (part.field, rows, statements.fields[part.field].place))
        }
        return refusals
    }

    private func note(_ refusals: inout [Int: String], of part: Part) {
        let field = statements.fields[part.field]
        guard let spelling = field.spelling else { return }
        for index in part.rows.indices where refusals[index] == nil {
            guard let value = part.rows[index].values[part.place], let problem = spelling.problem(with: value) else {
                continue
            }
            refusals[index] = problem.adding(field.column).description
        }
    }

    private static func refusals(_ reasons: [Int: String]) -> [Refusal] {
        reasons.sorted { $0.key < $1.key }.map { Refusal(row: $0.key, reason: $0.value) }
    }

    func insert(_ rows: [Row], or conflict: RowStatements.Conflict) -> EncodedRows {
        noteSequences(rows)
        return encode(rows, statements.fields.indices.map { ($0, rows, statements.fields[$0].place) }) {
            statements.insert($0, or: conflict)
        }
    }

    // MARK: Rows that are there

    /// - Parameters:
    ///   - columns: Which columns of the schema to write; those of the key and those that the server guards are not.
    ///   - former: The key values by which rows are found, in key order; `nil` for those of the rows.
    /// - Returns: `nil` when nothing is to be written.
    func update(_ rows: [Row], _ columns: [Int], former: [Row]? = nil) -> EncodedRows? {
        let writable = former == nil ? statements.rest : movable
        let written = writable.filter { columns.contains(statements.fields[$0].place) }
        guard !written.isEmpty else { return nil }
        let parts = written.map { ($0, rows, statements.fields[$0].place) } + keyParts(rows, former)
        return encode(rows, parts) { statements.update(written, casts: $0) }
    }

    /// Whether the server lets the key of a row change.
    var canMove: Bool { statements.key.allSatisfy { !statements.fields[$0.field].isFixed } }

    private var movable: [Int] { statements.fields.indices.filter { !statements.fields[$0].isFixed } }

    /// Keys that the table cannot hold are left out without a word: there is no row of theirs.
    func delete(_ rows: [Row], former: [Row]? = nil) -> EncodedRows {
        var encoded = encode(rows, keyParts(rows, former), statements.delete)
        encoded.refusals = []
        return encoded
    }

    /// Whether a row may have been written under the key, whose values are in key order.
    func mayHold(_ key: Row) -> Bool {
        zip(statements.key, key.values).allSatisfy { part, value in
            value.map { statements.fields[part.field].spelling?.problem(with: $0) == nil } ?? true
        }
    }

    /// Asks which rows are not there; the answer counts from 1.
    func missing(_ rows: [Row]) -> EncodedRows { encode(rows, keyParts(rows, nil), statements.missing) }

    /// Asks how many of the rows are there.
    func count(_ rows: [Row]) -> EncodedRows { encode(rows, keyParts(rows, nil), statements.count) }

    /// The keys of rows as arrays for a statement of the caller's own; keys that cannot be written are left out.
    ///
    /// - Parameter first: The number of the first parameter.
    func keys(of rows: [Row], from first: Int) -> KeyArrays {
        var casts: [String?] = []
        let encoded = encode(rows, keyParts(rows, nil)) { used in
            casts = used
            return ""
        }
        let count = statements.key.count
        return KeyArrays(
            parameters: encoded.command.parameters,
            values: (0..<count).map { statements.value($0, casts) },
            source: statements.source(count, from: first),
            numberedSource: statements.source(count, from: first, isNumbered: true),
            sameKey: statements.sameKey(from: 0, casts)
        )
    }

    /// The highest value of each column that a sequence numbers.
    func highestNumbers(in target: TargetConnection) throws -> [TargetSequence: Int64] {
        var highest: [TargetSequence: Int64] = [:]
        for field in statements.fields {
            guard let sequence = field.sequence else { continue }
            let result = try target.execute("SELECT max(\(field.name))::int8 FROM \(statements.table)")
            if let value = result.integer(0, 0) { highest[sequence] = max(highest[sequence] ?? .min, Int64(value)) }
        }
        return highest
    }

    // MARK: Arrays

    private typealias Part = (field: Int, rows: [Row], place: Int)

    private func keyParts(_ rows: [Row], _ former: [Row]?) -> [Part] {
        statements.key.enumerated().map { index, part in
            former.map { (part.field, $0, index) } ?? (part.field, rows, statements.fields[part.field].place)
        }
    }

    /// Makes a statement for the rows that can be encoded.
    private func encode(_ rows: [Row], _ parts: [Part], _ sql: ([String?]) -> String) -> EncodedRows {
        var arrays: [ArrayParameter] = []
        arrays.reserveCapacity(parts.count)
        var refusals: [Int: String] = [:]
        for part in parts {
            do throws(ArrayParameter.Refusal) {
                let column = statements.fields[part.field].column
                arrays.append(
                    try ArrayParameter(column, count: rows.count) { part.rows[$0].values[part.place] }
                )
            } catch {
                for (index, problem) in error.rows where refusals[index] == nil {
                    refusals[index] = problem.description
                }
            }
            note(&refusals, of: part)
        }
        if refusals.isEmpty {
            let casts = arrays.map(\.elementType)
            let command = Command(sql(casts), arrays.map(\.parameter))
            return EncodedRows(command: command, casts: casts, kept: nil, count: rows.count, refusals: [])
        }
        // Without the rows that no form of the server's can hold.
        let kept = rows.indices.filter { refusals[$0] == nil }
        let rest = parts.map { part in (part.field, kept.map { part.rows[$0] }, part.place) }
        var encoded = encode(kept.map { rows[$0] }, rest, sql)
        encoded.kept = kept
        encoded.refusals = Self.refusals(refusals)
        return encoded
    }

    // MARK: Sequences

    private func noteSequences(_ rows: [Row]) {
        for (place, sequence) in sequences {
            var highest = Int64.min
            for row in rows {
                if case .integer(let value)? = row.values[place], value > highest { highest = value }
            }
            if highest > marks[sequence] ?? .min { marks[sequence] = highest }
        }
    }

    func takeMarks() -> [TargetSequence: Int64] {
        defer { marks = [:] }
        return marks
    }
}

/// Keys of rows in the parameters of a statement.
struct KeyArrays: Sendable {
    var parameters: [Parameter]
    /// One expression for each column of the key, over `n`.
    var values: [String]
    /// The arrays as a table named `n`.
    var source: String
    /// The same with the column `place`, which counts from 1.
    var numberedSource: String
    /// Whether `h` has the key in `n`.
    var sameKey: String
}

/// A row that no form of the server's can hold.
struct Refusal: Sendable, Hashable {
    /// Its place among the rows that were to be encoded.
    var row: Int
    var reason: String
}

/// A statement with its rows.
struct EncodedRows: Sendable {
    var command: Command
    /// What the elements of each parameter have to be read as; `nil` where they are of their column's type.
    var casts: [String?]
    /// The places of its rows among those that were to be encoded; `nil` for all.
    var kept: [Int]?
    /// How many rows it holds.
    var count: Int
    /// Rows that were left out.
    var refusals: [Refusal]

    /// The place of one of its rows, counted from 0, among those that were to be encoded.
    func place(_ row: Int) -> Int { kept?[row] ?? row }
}
