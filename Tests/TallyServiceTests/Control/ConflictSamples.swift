import Foundation
import TallyService

/// A conflict and a history that the tests share.
enum ConflictSamples {
    typealias Cell = DeadLetterDetail.Cell
    typealias Edit = ConflictDetail.Edit

    static let key = [Cell(column: "id", value: "1")]

    static func row(_ quantity: String) -> [Cell] { key + [Cell(column: "quantity", value: quantity)] }

    static func moment(_ second: Double) -> Date { Date(timeIntervalSince1970: 1_700_000_000 + second) }

    static let update = ConflictDetail(
        id: 3,
        group: "carts",
        table: "items",
        key: key,
        column: "quantity",
        policy: "latest",
        state: "resolved",
        at: moment(2.25),
        sequence: 12,
        base: row("10"),
        versions: [
            ConflictDetail.Version(
                member: "eu",
                at: moment(1),
                operation: "update",
                entry: 11,
                hadSeen: 5,
                stands: false,
                edits: [Edit(column: "quantity", before: "10", after: "7")]
            ),
            ConflictDetail.Version(
                member: "us",
                at: moment(2.25),
                operation: "update",
                entry: 12,
                hadSeen: 6,
                stands: true,
                edits: [
                    Edit(column: "quantity", before: "10", after: "8"),
                    Edit(column: "note", before: nil, after: "'a, b'"),
                ]
            ),
        ],
        result: row("8")
    )

    static let delete = ConflictDetail(
        id: 4,
        group: "carts",
        table: "items",
        key: key,
        column: nil,
        policy: "delete: wins",
        state: "waiting",
        at: moment(3),
        sequence: 13,
        base: row("10"),
        versions: [
            ConflictDetail.Version(
                member: "eu",
                at: moment(3),
                operation: "delete",
                entry: 13,
                hadSeen: 5,
                stands: true,
                edits: []
            )
        ],
        result: nil
    )

    static let history = HistoryDetail(
        group: "carts",
        table: "items",
        key: key,
        versions: [
            HistoryDetail.Version(
                sequence: 1,
                author: "eu",
                at: moment(0),
                hadSeen: 0,
                operation: "insert",
                edits: [
                    Edit(column: "id", before: nil, after: "1"), Edit(column: "quantity", before: nil, after: "10"),
                ],
                row: row("10")
            ),
            HistoryDetail.Version(
                sequence: 12,
                author: "us",
                at: moment(2.25),
                hadSeen: 6,
                notSeen: [11],
                operation: "delete",
                edits: [],
                row: nil,
                conflicts: [3]
            ),
        ]
    )
}
