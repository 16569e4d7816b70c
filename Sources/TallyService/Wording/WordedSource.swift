import TallyModel

struct WordedSource: Source {
    let base: any Source
    let wording: Wording

    func catalog() async throws -> [TableSchema] { try await wording.wording { try await base.catalog() } }

    func inspect(_ request: CaptureRequest) async throws -> [Finding] {
        try await wording.wording { wording(try await base.inspect(request)) }
    }

    func verify(_ request: CaptureRequest) async throws {
        try await wording.wording { try await base.verify(request) }
    }

    func open(_ request: CaptureRequest) async throws -> any SourceSession {
        try await wording.wording { WordedSourceSession(base: try await base.open(request), wording: wording) }
    }

    func remove(flow: String) async throws { try await wording.wording { try await base.remove(flow: flow) } }
}

private struct WordedSourceSession: SourceSession {
    let base: any SourceSession
    let wording: Wording

    var sourceID: String { get async { await base.sourceID } }
    var start: Position { get async { await base.start } }
    var tables: [TableSchema] { get async { await base.tables } }
    var loadWidth: Int { get async { await base.loadWidth } }

    func next() async throws -> StreamEvent { try await wording.wording { try await base.next() } }
    func latest() async throws -> Position { try await wording.wording { try await base.latest() } }

    func rowCount(of table: TableSchema) async throws -> Int {
        try await wording.wording { try await base.rowCount(of: table) }
    }

    func ranges(of table: TableSchema) async throws -> [KeyRange] {
        try await wording.wording { try await base.ranges(of: table) }
    }

    func chunk(of table: TableName, in range: KeyRange, limit: ByteCount) async throws -> Chunk {
        try await wording.wording { try await base.chunk(of: table, in: range, limit: limit) }
    }

    func sweepable() async throws -> [TableName] { try await wording.wording { try await base.sweepable() } }

    func acknowledge(_ position: Position) async throws {
        try await wording.wording { try await base.acknowledge(position) }
    }

    func close() async { await base.close() }
}
