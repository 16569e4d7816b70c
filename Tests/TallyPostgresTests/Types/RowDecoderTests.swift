import TallyModel
import TallyPostgres
import Testing

@Suite("COPY data", .timeLimit(.minutes(15)))
struct RowDecoderTests {
    private static let columns = [
        PostgresColumn(name: "id", number: 1, type: 20, typeName: "bigint", shape: .int8),
        PostgresColumn(name: "name", number: 2, type: 25, typeName: "text", shape: .text),
        PostgresColumn(
            name: "tags",
            number: 3,
            type: 1009,
            typeName: "text[]",
            shape: .array(element: .text, elementType: 25)
        ),
    ]
    private static let rows = [
        Row([.integer(1), .text("tab\there\nand \\ there"), .array([.text("a\\b"), .null])]),
        Row([.integer(-2), .null, .array([])]),
        Row([.integer(3), .text(""), .null]),
    ]

    private func data(_ format: CopyFormat) throws -> [UInt8] {
        var buffer = CopyBuffer(columns: Self.columns)
        buffer.begin(format)
        for row in Self.rows { #expect(try buffer.append(row)) }
        buffer.end()
        #expect(buffer.rowCount == 3)
        return buffer.withBytes { Array($0) }
    }

    @Test("may be cut anywhere", arguments: [CopyFormat.text, .binary])
    func pieces(format: CopyFormat) throws {
        let data = try data(format)
        for cut in 0...data.count {
            let pieces = [Array(data[..<cut]), Array(data[cut...])]
            #expect(try RowDecoder.rows(of: pieces, columns: Self.columns, format: format) == Self.rows)
        }
        let bytes = data.map { [$0] }
        #expect(try RowDecoder.rows(of: bytes, columns: Self.columns, format: format) == Self.rows)
    }

    @Test("of several copies may follow each other, headers, trailers and all", arguments: [CopyFormat.text, .binary])
    func several(format: CopyFormat) throws {
        let data = try data(format)
        let both = try RowDecoder.rows(of: [data, data], columns: Self.columns, format: format)
        #expect(both == Self.rows + Self.rows)
    }

    @Test("that breaks off or has other columns is an error", arguments: [CopyFormat.text, .binary])
    func damaged(format: CopyFormat) throws {
        let data = try data(format)
        let cut = format == .text ? 1 : 3
        for (bytes, columns) in [
            (Array(data.dropLast(cut)), Self.columns), (data, Array(Self.columns.dropLast())),
            (data, Self.columns + Self.columns),
        ] {
            let error = #expect(throws: StoreError.self) {
                try RowDecoder.rows(of: [bytes], columns: columns, format: format)
            }
            #expect(error?.code == .damaged)
        }
    }

    @Test("with an absent value, or one that fits no form, is refused by row, and the others go on")
    func refused() throws {
        let bad = [Row([.integer(1), nil, .null]), Row([.integer(2), .text("a\0b"), .null])]
        let all = Self.rows + bad
        var buffer = CopyBuffer(columns: Self.columns)
        let problems = buffer.fill(all.count) { all[$0] }
        #expect(problems.map(\.index) == [3, 4])
        #expect(problems.map(\.problem.reason) == [.missing, .zeroCharacter])
        #expect(problems.map(\.problem.column) == ["name", "name"])
        #expect(buffer.format == .binary)
        let data = buffer.withBytes { Array($0) }
        #expect(try RowDecoder.rows(of: [data], columns: Self.columns, format: .binary) == Self.rows)
    }

    @Test("becomes text as a whole where a value has no exact binary form")
    func fallback() throws {
        let all = Self.rows + [Row([.text("4"), .integer(5), .text("[\"x\"]")])]
        var buffer = CopyBuffer(columns: Self.columns)
        #expect(buffer.fill(all.count) { all[$0] }.isEmpty)
        #expect(buffer.format == .text)
        let data = buffer.withBytes { Array($0) }
        let last = Row([.integer(4), .text("5"), .array([.text("x")])])
        #expect(try RowDecoder.rows(of: [data], columns: Self.columns, format: .text) == Self.rows + [last])
    }
}
