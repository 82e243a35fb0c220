import Hummingbird

/// `GET /v1/models`: models and assistants by name, since an assistant is a model name to every client.
struct ModelController {
    let served: ServedModels

    func list(_ request: Request, _ context: some RequestContext) async throws -> Response {
        let names = served.names
        return try .json(
            ChatTypes.ModelList(
                data: names.map { .init(id: $0, created: served.startedAt, owned_by: "pallet") }))
    }

    func show(_ request: Request, _ context: some RequestContext) async throws -> Response {
        let name = context.parameters.get("model") ?? ""
        guard served.names.contains(name) else { throw OpenAIError.unknownModel(name, known: served.names) }
        return try .json(ChatTypes.Model(id: name, created: served.startedAt, owned_by: "pallet"))
    }
}
