import SQLite
public import TallyModel

/// What a flow does to each row of one table, compiled once.
///
/// Belongs to one task at a time.
public final class RowTransform {
    /// The table as it comes out: what the target is to have.
    public let output: TableSchema
    private let shape: OutputShape
    private let evaluator: RowEvaluator?

    /// Whether every row passes exactly as it is.
    public var isIdentity: Bool { evaluator == nil && shape.isIdentity }

    /// The columns that expressions read: changes have to say what they hold.
    public var reads: Set<String> { evaluator?.reads ?? [] }

    /// Compiles the settings for a table.
    ///
    /// - Throws: All that is wrong with them, at once.
    public init(_ settings: TransformSettings, schema: TableSchema) throws(TransformProblems) {
        shape = OutputShape(settings, of: schema)
        output = shape.schema
        var problems = shape.problems
        evaluator = Self.evaluator(settings, of: schema, shape: shape, problems: &problems)
        if !problems.isEmpty { throw TransformProblems(problems) }
    }

    /// The row as the target is to hold it; `nil` when `where` does not let it in.
    ///
    /// Expressions see the row's original values. A computed value is absent when all that its expression reads is.
    ///
    /// - Throws: When an expression cannot be evaluated, `where` reads a value that is absent, or another reads some that
    ///   are and some that are not.
    public func row(_ row: Row) throws(TransformFailure) -> Row? {
        guard let evaluator else { return shape.isIdentity ? row : arranged(row, []) }
        guard let computed = try evaluator.values(for: row) else { return nil }
        return arranged(row, computed)
    }

    /// The key of a row as the target knows it, with all else absent. `where` has no say.
    public func key(_ row: Row) -> Row {
        var result = Row(Array(repeating: nil, count: output.columns.count))
        for place in output.key {
            if case .input(let column) = shape.origins[place] { result[place] = row[column] }
        }
        return result
    }

    private func arranged(_ row: Row, _ computed: [Value?]) -> Row {
        Row(
            shape.origins.map { origin in
                switch origin {
                case .input(let column): row[column]
                case .computed(let index): computed[index]
                }
            }
        )
    }

    private static func evaluator(
        _ settings: TransformSettings,
        of schema: TableSchema,
        shape: OutputShape,
        problems: inout [TransformProblem]
    ) -> RowEvaluator? {
        guard settings.where != nil || !settings.set.isEmpty else { return nil }
        do {
            let compiler = try ExpressionCompiler(schema)
            let count = problems.count
            var condition: Expression?
            if let text = settings.where {
                do { condition = try compiler.compile(text, setting: "where", shown: settings.shown["where"]) } catch {
                    problems.append(error)
                }
            }
            var computed: [Expression] = []
            for name in shape.computed {
                let setting = "set.\(name)"
                do {
                    computed.append(
                        try compiler.compile(settings.set[name] ?? "", setting: setting, shown: settings.shown[setting])
                    )
                } catch {
                    problems.append(error)
                }
            }
            guard problems.count == count else { return nil }
            return try RowEvaluator(condition: condition, computed: computed, compiler: compiler)
        } catch {
            problems.append(TransformProblem("transform", "SQLite cannot prepare it: \(error.sqliteMessage)"))
            return nil
        }
    }
}
