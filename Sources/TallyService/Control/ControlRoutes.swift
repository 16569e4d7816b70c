import Foundation
import HTTPTypes
import Hummingbird

/// The control API: which request asks what of a node. `docs` of the API is this file.
struct ControlRoutes: Sendable {
    let node: any ControlledNode

    /// Far more than the longest list of ids that a person sends.
    private static let largestBody = 16 << 20

    func router() -> Router<BasicRequestContext> {
        let router = Router()
        let routes = router.group("v1")
        routes.get("status") { _, _ in
            await answer { try await node.everything() }
        }
        routes.post("flows/:flow/pause") { request, context in
            await act(request, context) { try await node.pause(flow: $0, table: $1) }
        }
        routes.post("flows/:flow/resume") { request, context in
            await act(request, context) { try await node.resume(flow: $0, table: $1) }
        }
        routes.post("flows/:flow/resync") { request, context in
            await act(request, context) { try await node.resync(flow: $0, table: $1) }
        }
        routes.delete("flows/:flow") { request, context in
            await act(request, context) { flow, _ in try await node.remove(flow: flow) }
        }
        routes.delete("groups/:group") { _, context in
            await answer {
                guard let group = context.parameters.get("group")?.removingPercentEncoding else {
                    throw ControlError(.invalid, "the group's name in the path is not valid text")
                }
                try await node.remove(group: group)
                return Done()
            }
        }
        routes.get("dead-letters") { request, _ in
            let flow = request.uri.queryParameters["flow"].map(String.init)
            return await answer { DeadLetterList(deadLetters: try await node.deadLetters(flow: flow)) }
        }
        routes.get("dead-letters/:id") { _, context in
            await answer {
                guard let id = context.parameters.get("id").flatMap(Int64.init) else {
                    throw ControlError(.invalid, "the id of a dead letter is a whole number")
                }
                return try await node.deadLetter(id: id)
            }
        }
        routes.post("dead-letters/retry") { request, _ in
            await answer {
                let selection = try await selection(in: request)
                return try await node.retry(ids: selection.ids, flow: selection.flow)
            }
        }
        routes.post("dead-letters/discard") { request, _ in
            await answer {
                let selection = try await selection(in: request)
                return try await node.discard(ids: selection.ids, flow: selection.flow)
            }
        }
        addConflicts(to: routes)
        router.add(middleware: UnknownRoute())
        return router
    }

    // MARK: From a request

    private func act(
        _ request: Request,
        _ context: BasicRequestContext,
        _ action: (_ flow: String, _ table: String?) async throws -> Void
    ) async -> Response {
        await answer {
            guard let flow = context.parameters.get("flow")?.removingPercentEncoding else {
                throw ControlError(.invalid, "the flow's name in the path is not valid text")
            }
            try await action(flow, request.uri.queryParameters["table"].map(String.init))
            return Done()
        }
    }

    private func selection(in request: Request) async throws -> LetterSelection {
        let body = try await request.body.collect(upTo: Self.largestBody)
        do {
            return try ControlCoding.decode(LetterSelection.self, from: Data(body.readableBytesView))
        } catch {
            throw ControlError(.invalid, "the body has to be JSON like {\"ids\": [1, 2], \"flow\": \"name\"}")
        }
    }

    // MARK: To a response

    func answer(_ body: () async throws -> some Encodable) async -> Response {
        do {
            return Self.response(.ok, try ControlCoding.encode(try await body()))
        } catch {
            return Self.response(ControlError(error))
        }
    }

    fileprivate static func response(_ error: ControlError) -> Response {
        let status: HTTPResponse.Status =
            switch error.code {
            case .notFound: .notFound
            case .conflict: .conflict
            case .invalid: .badRequest
            case .failed: .internalServerError
            case .unreachable, .silent: .badGateway
            }
        do {
            return response(status, try ControlCoding.encode(ErrorAnswer(error: error)))
        } catch {
            return Response(status: status)
        }
    }

    private static func response(_ status: HTTPResponse.Status, _ json: Data) -> Response {
        Response(
            status: status,
            headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: json))
        )
    }
}

/// Gives requests that no route takes an answer of the same shape as every other error.
private struct UnknownRoute: RouterMiddleware {
    @concurrent func handle(
        _ request: Request,
        context: BasicRequestContext,
        next: @concurrent (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPError where error.status == .notFound {
            return ControlRoutes.response(
                ControlError(
                    .notFound,
                    "\(request.method.rawValue) \(request.uri.path) is nothing that this version has"
                )
            )
        }
    }
}
