public import Foundation
public import Testing

/// The folder with expected values and real data that lies beside the project, and what tests may take from it.
///
/// One setting: `PALLET_SHARED` names the folder; without it `../shared` beside the package is taken. A test that
/// needs it carries `.enabled(if: Shared.available, Shared.hint)`; in CI (environment `CI`) absence is not skipped,
/// so that such a test fails at its first read.
public enum Shared {
    /// The folder, whether or not it exists.
    public static let folder: URL = {
        if let named = ProcessInfo.processInfo.environment["PALLET_SHARED"], !named.isEmpty {
            return URL(fileURLWithPath: named, isDirectory: true)
        }
        // The package root is the working folder of `swift test`; a package made of links has its links resolved.
        let source = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        let root = source.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return root.deletingLastPathComponent().appendingPathComponent("shared", isDirectory: true)
    }()

    /// True where tests run unattended: there absence of data is a failure, not a reason to skip.
    public static let inCI = ProcessInfo.processInfo.environment["CI"] != nil

    /// Whether tests that read the folder should run.
    public static let available = inCI || FileManager.default.fileExists(atPath: folder.path)

    /// What a skipped test says.
    public static let hint: Comment = "needs the folder of reference data: set PALLET_SHARED"

    /// True when the long tests (fuzzing, kills, soak) were asked for with `PALLET_LONG=1`.
    public static let long = ProcessInfo.processInfo.environment["PALLET_LONG"] == "1"

    /// The bytes of a file below the folder.
    public static func data(_ path: String) throws -> Data {
        try Data(contentsOf: folder.appendingPathComponent(path))
    }

    /// The lines of a JSON-lines file below the folder, each as an object.
    public static func jsonLines(_ path: String) throws -> [[String: Any]] {
        try data(path).split(separator: UInt8(ascii: "\n")).compactMap {
            try JSONSerialization.jsonObject(with: Data($0), options: [.fragmentsAllowed]) as? [String: Any]
        }
    }

    /// A published model in the cache folder of `models/get.py`, or nil when it was not fetched.
    public static func model(_ file: String) -> URL? {
        let environment = ProcessInfo.processInfo.environment
        let cache =
            environment["XDG_CACHE_HOME"].map { URL(fileURLWithPath: $0) }
            ?? FileManager.default.homeDirectoryForCurrentUser.appendingPathComponent(".cache")
        let url = cache.appendingPathComponent("pallet/models").appendingPathComponent(file)
        return FileManager.default.fileExists(atPath: url.path) ? url : nil
    }
}
