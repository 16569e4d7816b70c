package import TallyModel

/// A table of an in-memory target, and what it does with changes of its rows.
package struct TargetTable: Sendable, Hashable {
    package private(set) var schema: TableSchema
    package var rows: [Row: Row] = [:]
    /// The column whose values are unique where they are not null.
    private(set) var unique: String?

    /// What became of a change.
    enum Fate {
        case taken
        /// Taken, though the row was not as the change had it.
        case mended
        /// Left alone: the stream is going to say more about the row.
        case skipped
        case refused(String)
    }

    init(_ schema: TableSchema, unique: String?) {
        self.schema = schema
        self.unique = unique.flatMap { schema.column(named: $0) == nil ? nil : $0 }
    }

    // MARK: Structure

    mutating func alter(_ step: TableAlteration) throws {
        switch step {
        case .add(let column, _):
            guard schema.column(named: column.name) == nil else {
                throw StoreError(.incompatibleSchema, "there is a column \(column.name) already", table: schema.name)
            }
            schema.columns.append(column)
            let value = Self.initial(column)
            rows = rows.mapValues { Row($0.values + [value]) }
        case .retype: break
        case .rename(let old, let new):
            schema.columns[try place(of: old)].name = new
            if unique == old { unique = new }
        case .drop(let name):
            let place = try place(of: name)
            guard !schema.key.contains(place) else {
                throw StoreError(.incompatibleSchema, "column \(name) is part of the key", table: schema.name)
            }
            schema.columns.remove(at: place)
            schema.key = schema.key.map { $0 > place ? $0 - 1 : $0 }
            rows = rows.mapValues { row in
                var values = row.values
                values.remove(at: place)
                return Row(values)
            }
            if unique == name { unique = nil }
        }
    }

    private func place(of name: String) throws -> Int {
        guard let place = schema.column(named: name) else {
            throw StoreError(.incompatibleSchema, "the target's table has no column \(name)", table: schema.name)
        }
        return place
    }

    private static func initial(_ column: Column) -> Value {
        column.defaultExpression.flatMap(Int64.init).map(Value.integer) ?? .null
    }

    // MARK: Rows

    /// For each column of a sent table its place here.
    func places(of sent: TableSchema) throws -> [Int] {
        try sent.columns.map { try place(of: $0.name) }
    }

    func key(of row: Row) -> Row { row.picking(schema.key) }

    /// A sent row with its values in this table's places, and all else absent.
    func arranged(_ row: Row, _ places: [Int]) -> Row {
        var values = [Value?](repeating: nil, count: schema.columns.count)
        for (value, place) in zip(row.values, places) { values[place] = value }
        return Row(values)
    }

    /// - Parameters:
    ///   - row: In this table's places.
    ///   - former: The key that the row had before, where it had another one.
    ///   - expected: Whether there is to be a row of that key; `nil` where nobody knows.
    ///   - givesWay: Whether a row in the way of the unique column goes.
    ///   - isComplete: Whether all that was sent is known.
    mutating func put(
        _ row: Row,
        former: Row?,
        expected: Bool?,
        givesWay: Bool,
        isComplete: Bool,
        accepts: (TableSchema, Row) -> Bool
    ) -> Fate {
        let key = key(of: row)
        guard !key.values.contains(where: { $0 == nil || $0 == .null }) else { return .refused("NULL in the key") }
        let moved = former.flatMap { $0 == key ? nil : $0 }
        // The row under the former key may be a newer one than the change speaks of, so a change that holds all of its
        // columns takes nothing from it.
        let existing = isComplete ? rows[key] : moved.flatMap { rows[$0] } ?? rows[key]
        if existing == nil, !isComplete {
            return givesWay
                ? .skipped : .refused("the row is not there and the change does not hold all of its columns")
        }
        let new = (existing ?? Row(schema.columns.map(Self.initial))).overlaid(by: row)
        guard accepts(schema, new) else { return .refused("CHECK constraint failed") }
        if let unique, let place = schema.column(named: unique), let value = new[place], value != .null {
            let others = rows.filter { $0.key != key && $0.key != moved && $0.value[place] == value }
            guard others.isEmpty || givesWay else { return .refused("UNIQUE constraint failed") }
            for other in others.keys { rows[other] = nil }
        }
        let wasThere = moved.map { rows[$0] != nil } ?? (rows[key] != nil)
        if let moved { rows[moved] = nil }
        rows[key] = new
        return expected.map { $0 == wasThere } ?? true ? .taken : .mended
    }

    mutating func delete(_ key: Row) -> Fate {
        // Such a row was never taken.
        if key.values.contains(.null) { return .taken }
        return rows.removeValue(forKey: key) == nil ? .mended : .taken
    }
}
