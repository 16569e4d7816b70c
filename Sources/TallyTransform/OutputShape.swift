import TallyModel

/// What the rows of a transformed table look like, and where each of their values comes from.
struct OutputShape {
    enum Origin: Hashable {
        /// The place of a column of the source's table.
        case input(Int)
        /// The place of an expression in ``computed``.
        case computed(Int)
    }

    let schema: TableSchema
    /// One for each column of ``schema``.
    let origins: [Origin]
    /// The names that `set` gives, in the order of ``Origin/computed(_:)``.
    let computed: [String]
    let problems: [TransformProblem]

    /// Ids from here on belong to columns that only the transform knows.
    private static let firstComputedID = 100_000

    init(_ settings: TransformSettings, of input: TableSchema) {
        var problems: [TransformProblem] = []
        let computed = settings.set.keys.sorted()

        var dropped: Set<Int> = []
        for name in settings.drop {
            guard let place = input.place(of: name) else {
                problems.append(TransformProblem("drop", input.unknown(name)))
                continue
            }
            if input.key.contains(place) {
                let message = "“\(name)” is part of the key; rows are recognised by it, so it cannot be dropped"
                problems.append(TransformProblem("drop", message))
            }
            dropped.insert(place)
        }

        var names = input.columns.map(\.name)
        var renamed: Set<Int> = []
        for (old, new) in settings.rename.sorted(by: { $0.key < $1.key }) {
            let setting = "rename.\(old)"
            guard let place = input.place(of: old) else {
                problems.append(TransformProblem(setting, input.unknown(old)))
                continue
            }
            if dropped.contains(place) {
                problems.append(TransformProblem(setting, "“\(old)” is dropped too; remove it here or from drop"))
            }
            if new.isEmpty { problems.append(TransformProblem(setting, "the new name is empty")) }
            names[place] = new
            renamed.insert(place)
        }

        var expressions: [Int: Int] = [:]
        var added: [Int] = []
        for (index, name) in computed.enumerated() {
            let setting = "set.\(name)"
            guard let place = input.place(of: name) else {
                if name.isEmpty { problems.append(TransformProblem(setting, "the column's name is empty")) }
                added.append(index)
                continue
            }
            if input.key.contains(place) {
                let message = "key columns cannot be computed: loads and sweeps compare rows by key"
                problems.append(TransformProblem(setting, message))
            }
            if dropped.contains(place) {
                problems.append(TransformProblem(setting, "“\(name)” is dropped too; remove it here or from drop"))
            }
            if expressions[place] != nil {
                problems.append(
                    TransformProblem(setting, "the column is computed twice, under names that differ in case")
                )
            }
            expressions[place] = index
        }

        var columns: [Column] = []
        var origins: [Origin] = []
        for (place, column) in input.columns.enumerated() where !dropped.contains(place) {
            if let index = expressions[place] {
                columns.append(Column(id: column.id, name: names[place]))
                origins.append(.computed(index))
            } else {
                var column = column
                column.name = names[place]
                columns.append(column)
                origins.append(.input(place))
            }
        }
        for index in added {
            // Counted among all that is set, so that the id stays when the source's columns come and go.
            columns.append(Column(id: Self.firstComputedID + index, name: computed[index]))
            origins.append(.computed(index))
        }

        let counts = Dictionary(columns.map { ($0.name.lowercased(), 1) }, uniquingKeysWith: +)
        for place in renamed.sorted() where counts[names[place].lowercased(), default: 0] > 1 {
            let setting = "rename.\(input.columns[place].name)"
            let message = "another column is called “\(names[place])” too; choose another name or drop that one"
            problems.append(TransformProblem(setting, message))
        }
        for index in added where counts[computed[index].lowercased(), default: 0] > 1 {
            let message = "another column is renamed to, or is called, “\(computed[index])” too; choose another name"
            problems.append(TransformProblem("set.\(computed[index])", message))
        }
        if settings.table == "" { problems.append(TransformProblem("table", "the name is empty")) }

        var schema = input
        schema.name = settings.table.map { TableName($0) } ?? input.name
        schema.columns = columns
        schema.key = input.key.compactMap { place in origins.firstIndex(of: .input(place)) }
        schema.definition?.note(
            removed: dropped.sorted().map { input.columns[$0].name },
            renames: renamed.sorted().map { (input.columns[$0].name, names[$0]) },
            computed: origins.indices.filter { if case .computed = origins[$0] { true } else { false } }
                .map { columns[$0].name }
        )
        self.schema = schema
        self.origins = origins
        self.computed = computed
        self.problems = problems
    }

    /// Whether rows pass as they are.
    var isIdentity: Bool { origins.enumerated().allSatisfy { $1 == .input($0) } }
}

extension NativeDefinition {
    fileprivate mutating func note(removed: [String], renames: [(old: String, new: String)], computed: [String]) {
        self.removed += removed
        for (old, new) in renames { self.renames[old] = new }
        self.computed += computed
    }
}

extension TableSchema {
    /// The column of that name, or the only one that differs from it in case alone. Hidden columns have no name.
    fileprivate func place(of name: String) -> Int? {
        if let exact = columns.firstIndex(where: { $0.name == name && (!$0.isHidden) }) { return exact }
        let folded = name.lowercased()
        let alike = columns.indices.filter { columns[$0].name.lowercased() == folded && !columns[$0].isHidden }
        return alike.count == 1 ? alike[0] : nil
    }

    fileprivate func unknown(_ column: String) -> String {
        let nearest = nearestName(to: column, in: columns.lazy.filter { !$0.isHidden }.map(\.name))
        let hint = nearest.map { "; did you mean “\($0)”?" } ?? ""
        return "the table “\(name)” has no column “\(column)”\(hint)"
    }
}
