internal import Foundation
public import FoundationEssentials

/// Pulls models of the catalogue into `HOME/models`.
///
/// A file stands under its name only when its size and its SHA-256 are right. What a pull that was ended or killed has
/// brought stays in hidden files beside it, and the next pull goes on from there.
///
/// ```swift
/// let fetcher = ModelFetcher(settings: FetchSettings(environment: ProcessInfo.processInfo.environment))
/// let model = try await fetcher.pull("smollm2-135m-instruct", into: home.appending(path: "models")) {
///     print($0.line())
/// }
/// ```
public struct ModelFetcher: Sendable {
    /// The models that can be pulled.
    public let catalogue: ModelCatalogue
    /// From where, and how patiently.
    public let settings: FetchSettings

    /// Makes a fetcher.
    public init(catalogue: ModelCatalogue = .builtIn, settings: FetchSettings) {
        self.catalogue = catalogue
        self.settings = settings
    }

    /// Pulls a model unless it is there, and returns it.
    ///
    /// The shared cache is looked at first, then the entry's sources in order. A source that fails is passed over with
    /// its reason kept. Cost: the file is read once for its hash where it was not downloaded in this call.
    ///
    /// - Parameters:
    ///   - name: A name of the catalogue.
    ///   - folder: The folder of models; made when it is not there.
    ///   - progress: Called at most about five times a second.
    /// - Throws: `unknownModel`, `inUse`, `wrongHash`, `diskFull`, `file`, `cancelled`, or `noSource` with a line per
    ///   source that was tried.
    public func pull(
        _ name: String, into folder: URL, progress: @escaping @Sendable (PullProgress) -> Void = { _ in }
    ) async throws(ModelHubError) -> LocalModel {
        let entry = try catalogue.require(name)
        try FileTasks.makeFolder(folder)
        let lock = try ModelLock(name: name, in: folder)
        defer { lock.release() }
        var pull = ModelPull(entry: entry, folder: folder, settings: settings, progress: progress)
        return try await pull.run()
    }
}
