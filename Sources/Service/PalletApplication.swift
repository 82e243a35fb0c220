import Foundation
import Hummingbird
import Inference
public import Logging
import ServiceLifecycle
public import Storage
import UnixSignals

/// The HTTP service: routes, access, metrics. The one place where they are put together; tests use the same.
public struct PalletApplication: Sendable {
    /// Where and for whom the service listens.
    public struct Configuration: Sendable {
        /// Name or address to listen on.
        public var host: String
        /// 0 takes a free port.
        public var port: Int
        /// Whether `/v1` needs an API key even on loopback.
        public var requiresKey: Bool
        /// Seconds that running answers get when the service is told to stop.
        public var shutdownSeconds: Int

        /// Loopback without keys, unless said otherwise.
        public init(
            host: String = "127.0.0.1", port: Int = 8080, requiresKey: Bool = false, shutdownSeconds: Int = 10
        ) {
            self.host = host
            self.port = port
            self.requiresKey = requiresKey
            self.shutdownSeconds = shutdownSeconds
        }

        /// True where only this machine can reach it.
        public var isLoopback: Bool { AccessPolicy.loopbackHosts.contains(host) }
    }

    private let configuration: Configuration
    private let served: ServedModels
    private let database: PalletDatabase
    private let metrics: ServiceMetrics
    private let logger: Logger

    /// A service of a home's database and of what is served.
    public init(
        configuration: Configuration, served: ServedModels, database: PalletDatabase,
        metrics: ServiceMetrics = ServiceMetrics(), logger: Logger
    ) {
        self.configuration = configuration
        self.served = served
        self.database = database
        self.metrics = metrics
        self.logger = logger
    }

    /// Serves until the process is told to stop (SIGTERM, SIGINT): then no new answers are begun and running ones are
    /// finished, for at most `shutdownSeconds`.
    /// - Throws: `ListenError` where it cannot listen.
    /// - Parameter started: told the port when the service is ready.
    public func run(started: @escaping @Sendable (Int) async -> Void) async throws {
        try configuration.checkHost()
        let application = Application(
            router: router(),
            server: .http1(configuration: .init(additionalChannelHandlers: [ClientPresence()])),
            configuration: .init(
                address: .hostname(configuration.host, port: configuration.port), serverName: "Pallet",
                // Two servers on one port would each get some of the requests.
                reuseAddress: true),
            onServerRunning: { channel in await started(channel.localAddress?.port ?? 0) },
            logger: logger)
        var settings = ServiceGroupConfiguration(
            services: [.init(service: application)], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        settings.maximumGracefulShutdownDuration = .seconds(configuration.shutdownSeconds)
        settings.maximumCancellationDuration = .seconds(5)
        do {
            try await ServiceGroup(configuration: settings).run()
        } catch {
            throw ListenError(error, host: configuration.host, port: configuration.port) ?? error
        }
    }

    private func router() -> Router<ClientContext> {
        let router = Router(context: ClientContext.self, options: .autoGenerateHeadEndpoints)
        let policy = AccessPolicy(
            requiresKey: configuration.requiresKey || !configuration.isLoopback,
            hosts: configuration.isLoopback ? AccessPolicy.loopbackHosts : [], keys: database.apiKeys)
        let log = ServiceLog(logger)
        router.middlewares.add(MeteringMiddleware(metrics: metrics))
        let pages = PageController(served: served, database: database)
        router.middlewares.add(PageErrorMiddleware(pages: pages))
        router.middlewares.add(OpenAIErrorMiddleware(log: log))
        router.middlewares.add(OriginMiddleware(policy: policy))

        router.get("healthz") { _, _ in try Response.json(["status": "ok"]) }
        router.get("metrics") { _, _ in try await metricsText() }

        addPages(pages, to: router, log: log)

        let api = router.group("v1").add(middleware: KeyMiddleware(policy: policy))
        let models = ModelController(served: served)
        api.get("models") { try await models.list($0, $1) }
        api.get("models/:model") { try await models.show($0, $1) }
        let chat = ChatCompletionController(served: served, metrics: metrics, log: log)
        api.post("chat/completions") { try await chat.complete($0, $1) }
        let completions = CompletionController(served: served, metrics: metrics, log: log)
        api.post("completions") { try await completions.complete($0, $1) }
        let embeddings = EmbeddingController(served: served, metrics: metrics, log: log)
        api.post("embeddings") { try await embeddings.embed($0, $1) }
        let rerank = RerankController(served: served, metrics: metrics, log: log)
        api.post("rerank") { try await rerank.rerank($0, $1) }
        // Added behind the routes, so that only requests without one come here.
        router.middlewares.add(
            MethodMiddleware(routes: router.routes.map { ($0.path.description, $0.method) }))
        return router
    }

    /// The company's pages. They need no key: they are for whoever can reach the service.
    private func addPages(_ pages: PageController, to router: Router<ClientContext>, log: ServiceLog) {
        router.get("/") { try await pages.home($0, $1) }
        router.get("articles/:id") { try await pages.article($0, $1) }
        router.get("news") { try await pages.news($0, $1) }
        router.get("city") { try await pages.city($0, $1) }
        router.get("city/:pinyin") { try await pages.city($0, $1) }
        router.get("assets/:name") { request, _ in try pages.assets.respond(to: request) }
        let ask = AskController(pages: pages, metrics: metrics, log: log)
        router.post("ask") { try await ask.ask($0, $1) }
        router.get("ask") { _, _ in Response.redirect(to: "/#ask", type: .normal) }
    }

    private func metricsText() async throws -> Response {
        var running = 0
        var waiting = 0
        var seen: Set<ObjectIdentifier> = []
        for engine in served.engines.values where seen.insert(ObjectIdentifier(engine)).inserted {
            let statistics = await engine.statistics
            running += statistics.running
            waiting += statistics.waiting
        }
        let text = metrics.text(running: running, waiting: waiting)
        return Response(
            status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(string: text)))
    }
}

/// Gives every error OpenAI's shape: unknown routes, methods and what nobody foresaw.
struct OpenAIErrorMiddleware<Context: RequestContext>: RouterMiddleware {
    let log: ServiceLog

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as OpenAIError {
            throw error
        } catch let error as HTTPError {
            let path = request.uri.path.prefix(200)
            throw OpenAIError(
                error.status, type: "invalid_request_error",
                message: error.body ?? "\(request.method.rawValue) \(path): \(error.status.reasonPhrase).")
        } catch is CancellationError {
            throw OpenAIError(.serviceUnavailable, type: "server_error", message: "The request was cancelled.")
        } catch {
            log.failure("request failed", error)
            throw OpenAIError(error)
        }
    }
}
