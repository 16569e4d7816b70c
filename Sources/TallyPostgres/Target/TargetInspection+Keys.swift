import TallyModel

/// What `tally check` says of keys that the target would have to take one for another.
extension TargetInspection {
    /// Columns of the key whose type knows several spellings of one value, of which only one is written.
    ///
    /// - Parameter fit: `nil` for a table that is still to be made.
    func spellings(of schema: TableSchema, _ fit: TableFit?) -> [Finding] {
        schema.key.compactMap { place in
            let column = schema.columns[place]
            let held = fit.flatMap { fit in fit.places[place].map { fit.target.table.columns[$0] } }
            let type = held?.typeNameWithoutModifiers ?? PostgresType.of(column, kind: schema.definition?.kind)
            guard let shape = held?.shape ?? Self.shapes[type],
                let rule = KeySpelling(column, of: schema.definition, as: shape)?.rule
            else { return nil }
            return Finding(
                .warning,
                table: schema.name,
                "\(column.name) is of the key and of type \(type) in the target: keys that are not spelled \(rule) "
                    + "become dead letters, because another spelling could be the same row there",
                remedy: "spell them so, or make the table in the target by hand with \(column.name) of type text"
            )
        }
    }

    private static let shapes: [String: ValueShape] = [
        "uuid": .uuid, "date": .date, "time": .time, "timestamp": .timestamp, "timestamptz": .timestamptz,
    ]
}
