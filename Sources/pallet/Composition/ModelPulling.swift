import Foundation
import ModelFormats
import ModelHub

/// Pulls a model with a progress bar, and says what it is and whose.
struct ModelPulling {
    let home: Home
    let hub: String?
    /// Further tries after a break; nil for the usual number.
    let retries: Int?

    init(home: Home, hub: String? = nil, retries: Int? = nil) {
        self.home = home
        self.hub = hub
        self.retries = retries
    }

    /// - Parameter name: a catalogue name; nil takes the default.
    func pull(_ name: String?) async throws -> LocalModel {
        let catalogue = ModelCatalogue.builtIn
        guard let name = name ?? catalogue.entries.first(where: \.isDefault)?.name else {
            throw Failure(.usage, "请给出模型名称", "name a model of the catalogue")
        }
        let entry = try catalogue.require(name)
        Output.note(
            text(
                "\(entry.name)：\(entry.bytes / 1_000_000) MB，许可 \(entry.licence)，来自 \(entry.origin)",
                "\(entry.name): \(entry.bytes / 1_000_000) MB, licence \(entry.licence), from \(entry.origin)"))
        var settings = FetchSettings(environment: ProcessInfo.processInfo.environment)
        if let hub { settings.hubs = hub.split(separator: ",").map(String.init) }
        if let retries { settings.retries = retries }
        settings.converters[PackedE5File.format] = { packed, target in
            try PackedE5File(packed).writeGGUF(to: target)
        }
        let display = PullDisplay()
        return try await ModelFetcher(settings: settings).pull(name, into: home.created().models) { display.show($0) }
    }
}

/// A line that is drawn anew on a terminal, a plain line every tenth elsewhere.
private final class PullDisplay: Sendable {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let bar = ProgressBar(text("下载", "pulling"), unit: .bytes)

    func show(_ progress: PullProgress) {
        switch progress.stage {
        case .downloading: bar.update(progress.bytes, of: progress.total)
        case .checking: bar.title(text("校验", "checking"), progress.bytes, of: progress.total)
        case .waiting: bar.title(text("等待重试", "waiting to retry"), progress.bytes, of: progress.total)
        }
    }
}
