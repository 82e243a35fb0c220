import ArgumentParser
import Foundation

/// The folder under which everything of a company lives.
struct Home {
    let url: URL

    var models: URL { url.appendingPathComponent("models", isDirectory: true) }
    var corpus: URL { url.appendingPathComponent("corpus", isDirectory: true) }
    var reports: URL { url.appendingPathComponent("reports", isDirectory: true) }

    /// The folder, made when it is missing.
    func created() throws -> Home {
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch {
            let reason = SystemReason(error)
            throw Failure(
                .cannotCreate, "无法建立主目录 \(url.path)：\(reason.chinese)",
                "cannot create the home folder \(url.path): \(reason.english)")
        }
        return self
    }
}

/// `--home`, which most commands take.
struct HomeOptions: ParsableArguments {
    @Option(help: ArgumentHelp(text("主目录", "home folder"), valueName: "folder"))
    var home = "pallet-home"

    var folder: Home { Home(url: URL(fileURLWithPath: home, isDirectory: true)) }
}

/// `--threads`, for commands that compute.
struct ThreadOptions: ParsableArguments {
    @Option(help: ArgumentHelp(text("计算线程数（默认：全部核心）", "threads that compute (default: all cores)")))
    var threads: Int?

    /// At least one, at most 256.
    var count: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }

    func validate() throws {
        if let threads, !(1...256).contains(threads) {
            throw ValidationError(text("--threads 应在 1 到 256 之间", "--threads must be from 1 to 256"))
        }
    }
}
