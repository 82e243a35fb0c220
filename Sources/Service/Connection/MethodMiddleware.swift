import Hummingbird

/// Refuses a method that a known path does not have, and says which it has. Sees only requests without a route.
struct MethodMiddleware<Context: RequestContext>: RouterMiddleware {
    private let routes: [(path: [Substring], method: HTTPRequest.Method)]

    /// - Parameter routes: of the router, with `GET` standing for `HEAD` too.
    init(routes: [(path: String, method: HTTPRequest.Method)]) {
        self.routes = routes.map { (Self.parts($0.path), $0.method) }
    }

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        await request.drainBody()
        let allowed = allowed(at: request.uri.path)
        guard !allowed.isEmpty else { return try await next(request, context) }
        throw OpenAIError.wrongMethod(
            request.method.rawValue, path: String(request.uri.path.prefix(200)), allowed: allowed)
    }

    private func allowed(at path: String) -> [String] {
        let parts = Self.parts(path)
        var methods: Set<String> = []
        for route in routes where route.path.count == parts.count {
            let fits = zip(route.path, parts).allSatisfy { pattern, part in
                pattern.hasPrefix(":") || pattern.hasPrefix("{") || pattern == part
            }
            guard fits else { continue }
            methods.insert(route.method.rawValue)
            if route.method == .get { methods.insert("HEAD") }
        }
        return methods.sorted()
    }

    private static func parts(_ path: String) -> [Substring] { path.split(separator: "/") }
}
