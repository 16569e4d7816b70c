import TallyModel

/// Drops a flow's slots and publications.
struct SlotRemoval {
    let flow: String
    let connection: PostgresConnection

    func run() throws {
        let publications = try connection.query(
            """
            SELECT pubname, coalesce(obj_description(oid, 'pg_publication'), '') FROM pg_publication
            WHERE pubname LIKE 'tally\\_%'
            """
        )
        var ours: Set<String> = []
        var others: Set<String> = []
        for row in 0..<publications.rowCount {
            guard let name = publications.text(row, 0), CaptureName.fits(name, flow: flow) else { continue }
            // Flows whose names look alike once they are made to fit are told apart by the comment.
            if publications.text(row, 1) == Publication.comment(flow) { ours.insert(name) } else { others.insert(name) }
        }
        let slots = try ReplicationSlot.slots(in: connection, where: "database = current_database()")
        for slot in slots where CaptureName.fits(slot.name, flow: flow) && !others.contains(slot.name) {
            try ReplicationSlot.drop(slot.name, in: connection)
        }
        for name in ours.sorted() { try Publication(name, in: connection).drop() }
    }
}
