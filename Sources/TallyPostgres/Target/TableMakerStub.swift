import TallyModel
struct TableMaker {
    let connection: PostgresConnection
    init(in connection: PostgresConnection) { self.connection = connection }
    func create(_ schema: TableSchema) throws {}
    func alter(_ table: TableName, _ steps: [TableAlteration]) throws {}
    func finishLoad(of schema: TableSchema) throws {}
}
