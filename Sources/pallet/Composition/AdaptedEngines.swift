import Foundation
import Inference
import ModelFormats
import Tensors
import Transformers

/// The engines of one base model: its own, and one for each adapter that is served beside it. All share the base's
/// weights and one pool of threads; each has cached prefixes of its own, since an adapter changes keys and values.
struct AdaptedEngines {
    /// By the names that clients use.
    private(set) var named: [String: Engine] = [:]
    /// Without adapter.
    let base: Engine
    /// What one sequence that fills the context takes.
    let contextMemory: ContextMemory

    private let loading: AdapterLoading
    private let file: ModelFile
    private let language: LanguageModel
    private let pool: WorkerPool
    private let place: URL
    private let prefixCaching: PrefixCaching?
    private let settings: Engine.Settings
    private var byPlace: [String: Engine] = [:]

    init(
        home: Home, model: String, threads: Int, context: Int, cacheElement: KeyValueCache.Element? = nil,
        prefixCaching: PrefixCaching? = nil
    ) throws {
        loading = AdapterLoading(home: home)
        place = try ModelLoading(home: home).locate(model)
        self.prefixCaching = prefixCaching
        file = try ModelLoading(home: home).openWriter(model)
        contextMemory = try ContextMemory(
            file.configuration, positions: context, element: cacheElement ?? Precision.integer.cacheElement)
        try contextMemory.check(weights: file.weightBytes(.integer))
        language = try LanguageModel(
            name: ModelLoading.servedName(model), file: file, cacheElement: cacheElement, threads: threads)
        pool = try WorkerPool(threads: threads)
        settings = Engine.Settings(threads: threads, contextLength: context)
        base = try Engine(
            model: language, settings: Self.settings(settings, try prefixCaching?.prefixes(model: place)), pool: pool)
        named[language.name] = base
    }

    /// Serves an adapter: a folder, or `NAME=folder`.
    mutating func serve(_ argument: String) throws {
        let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
        // A folder may have "=" in its name; one that is there is taken as it is.
        let isNamed = parts.count == 2 && !FileManager.default.fileExists(atPath: argument)
        let place = isNamed ? parts[1] : argument
        let name = isNamed ? parts[0] : try loading.servedName(place)
        guard named[name] == nil else {
            throw Failure(
                .usage, "模型名 \(name) 已被占用：用 --adapter 名称=\(place) 另起名",
                "the model name \(name) is taken: choose another with --adapter NAME=\(place)")
        }
        _ = try engine(place, name: name)
    }

    /// The settings with a place for saved prefixes, which belong to one engine.
    private static func settings(_ settings: Engine.Settings, _ prefixes: SavedPrefixes?) -> Engine.Settings {
        var settings = settings
        settings.savedPrefixes = prefixes
        return settings
    }

    /// The engine with this adapter, or without one; every adapter is taken in once.
    mutating func engine(_ adapter: String?, name: String? = nil) throws -> Engine {
        guard let adapter else { return base }
        let place = try loading.locate(adapter).standardizedFileURL.path
        if let known = byPlace[place], name == nil { return known }
        let engine: Engine
        if let known = byPlace[place] {
            engine = known
        } else {
            let found = try loading.read(adapter, for: file)
            let served = try name ?? loading.servedName(adapter)
            let adapted = try language.adapted(by: found, name: served, threads: settings.threads)
            let prefixes = try prefixCaching?.prefixes(model: self.place, adapter: try loading.locate(adapter))
            engine = try Engine(model: adapted, settings: Self.settings(settings, prefixes), pool: pool)
            byPlace[place] = engine
        }
        let served = name ?? engine.model.name
        if named[served] == nil { named[served] = engine }
        return engine
    }
}
