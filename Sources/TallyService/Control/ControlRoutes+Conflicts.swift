import Foundation
import HTTPTypes
import Hummingbird

/// Conflicts, and what rows have been.
extension ControlRoutes {
    func addConflicts(to routes: RouterGroup<BasicRequestContext>) {
        routes.get("conflicts") { request, _ in
            await answer { ConflictList(conflicts: try await node.conflicts(try selection(in: request))) }
        }
        routes.get("conflicts/:id") { request, context in
            await answer {
                try await node.conflict(id: try id(in: context), group: parameter("group", of: request))
            }
        }
        routes.post("conflicts/:id/resolve") { request, context in
            await answer {
                let resolution = try await resolution(in: request)
                let group = parameter("group", of: request)
                return try await node.resolve(id: try id(in: context), group: group, resolution)
            }
        }
        routes.post("conflicts/:id/undo") { request, context in
            await answer {
                try await node.undo(id: try id(in: context), group: parameter("group", of: request))
            }
        }
        routes.get("history") { request, _ in
            await answer {
                guard let table = parameter("table", of: request), let key = parameter("key", of: request) else {
                    throw ControlError(.invalid, "name the row: /v1/history?table=TABLE&key=KEY")
                }
                return try await node.history(table: table, key: key, group: parameter("group", of: request))
            }
        }
    }

    private func parameter(_ name: String, of request: Request) -> String? {
        request.uri.queryParameters[Substring(name)].map(String.init)
    }

    private func id(in context: BasicRequestContext) throws -> Int64 {
        guard let id = context.parameters.get("id").flatMap(Int64.init) else {
            throw ControlError(.invalid, "the id of a conflict is a whole number")
        }
        return id
    }

    private func selection(in request: Request) throws -> ConflictSelection {
        let since = try parameter("since", of: request).map { text in
            guard let moment = Since.moment(text) else {
                throw ControlError(.invalid, "since: “\(text)” is no \(Since.form)")
            }
            return moment
        }
        return ConflictSelection(
            group: parameter("group", of: request),
            table: parameter("table", of: request),
            member: parameter("member", of: request),
            state: parameter("state", of: request),
            since: since
        )
    }

    private func resolution(in request: Request) async throws -> ConflictResolution {
        let body = try await request.body.collect(upTo: 16 << 20)
        do {
            return try ControlCoding.decode(ConflictResolution.self, from: Data(body.readableBytesView))
        } catch {
            throw ControlError(
                .invalid,
                "the body has to be JSON like {\"keep\": \"member\"} or {\"set\": {\"column\": \"value\"}}"
            )
        }
    }
}
