import SQLite
import TallyModel

/// The shapes of a source as one flow reads them: which it wants, and where their columns are in the log.
struct CapturedShapes {
    /// A shape with what decoding needs.
    struct Layout {
        let shape: Shape
        let isSelected: Bool
        /// For each column, its place in the rows of ``CapturedShapes/sql``.
        let places: [Int]
        let isKey: [Bool]

        var schema: TableSchema { shape.schema }
    }

    private let layouts: [Int64: Layout]
    /// The schema version that the last review left.
    let schemaVersion: Int64?
    /// The log from after one row up to another.
    let sql: String

    init() {
        layouts = [:]
        schemaVersion = nil
        sql = ""
    }

    init(selection: TableSelection, in connection: Connection) throws {
        let shapes = try ShapeStore.all(in: connection)
        layouts = Dictionary(
            uniqueKeysWithValues: shapes.map { shape in
                let layout = Layout(
                    shape: shape,
                    isSelected: selection.contains(shape.schema.name),
                    places: shape.schema.columns.map { $0.id + 3 },
                    isKey: shape.schema.columns.indices.map { shape.schema.key.contains($0) }
                )
                return (shape.id, layout)
            }
        )
        schemaVersion = try CaptureTables.handledSchemaVersion(in: connection)
        let columns = (0..<(try CaptureTables.width(in: connection))).map { ", c\($0)" }.joined()
        sql = "SELECT seq, kind, at\(columns) FROM _tally_log WHERE seq > ? AND seq <= ? ORDER BY seq"
    }

    var isEmpty: Bool { schemaVersion == nil }

    func shape(_ id: Int64, _ connection: Connection) throws -> Layout {
        if let layout = layouts[id] { return layout }
        throw StoreError(
            .damaged,
            "\(connection.path): the log of changes speaks of table structure \(id), which is not recorded; run "
                + "`tally remove` for each flow and group that reads this file, and start them anew"
        )
    }

    func tables(at sequence: Int64) -> [TableName: TableSchema] {
        let holding = layouts.values.filter { $0.isSelected && $0.shape.holds(at: sequence) }
        return Dictionary(holding.map { ($0.schema.name, $0.schema) }) { first, _ in first }
    }
}
