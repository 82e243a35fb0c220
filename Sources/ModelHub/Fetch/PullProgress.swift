/// How far a pull is.
public struct PullProgress: Hashable, Sendable {
    /// What is being done.
    public enum Stage: String, Hashable, Sendable {
        /// Hashing what an earlier pull, or the shared cache, left.
        case checking
        /// Bytes are coming.
        case downloading
        /// The download broke; waiting before the next try.
        case waiting
    }

    /// What is being done.
    public let stage: Stage
    /// From where: the host of a hub, a wheel, a folder.
    public let source: String
    /// Bytes that are here.
    public let bytes: Int64
    /// Bytes of the whole file.
    public let total: Int64
    /// Bytes per second, over the last seconds; 0 while unknown.
    public let bytesPerSecond: Double

    /// Makes a report.
    public init(stage: Stage, source: String, bytes: Int64, total: Int64, bytesPerSecond: Double) {
        self.stage = stage
        self.source = source
        self.bytes = bytes
        self.total = total
        self.bytesPerSecond = bytesPerSecond
    }

    /// Seconds left at that rate; nil while unknown.
    public var secondsLeft: Double? {
        bytesPerSecond > 0 ? Double(max(0, total - bytes)) / bytesPerSecond : nil
    }

    /// A line for a terminal: bar, share, megabytes, rate, time left.
    ///
    /// - Parameter barWidth: Characters of the bar, 0 to 200.
    public func line(barWidth: Int = 24) -> String {
        let width = min(200, max(0, barWidth))
        let share = total > 0 ? min(1, max(0, Double(bytes) / Double(total))) : 0
        let filled = Int(share * Double(width))
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled)
        var line = "[\(bar)] \(Int(share * 100)) %  \(Self.megabytes(bytes))/\(Self.megabytes(total)) MB"
        switch stage {
        case .checking: line += "  checking \(source)"
        case .waiting: line += "  waiting for \(source)"
        case .downloading:
            line += "  \(Self.oneDigit(bytesPerSecond / 1e6)) MB/s"
            if let secondsLeft, secondsLeft < 360_000 {
                let seconds = Int(secondsLeft.rounded(.up))
                line += "  \(seconds / 60):" + (seconds % 60 < 10 ? "0" : "") + "\(seconds % 60) left"
            }
            line += "  \(source)"
        }
        return line
    }

    private static func megabytes(_ bytes: Int64) -> String { String(bytes / 1_000_000) }

    private static func oneDigit(_ value: Double) -> String {
        let tenths = Int((min(1e6, max(0, value)) * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}

/// Reports progress at most five times a second and measures the rate over the last seconds.
struct ProgressMeter {
    let total: Int64
    let report: @Sendable (PullProgress) -> Void
    private var samples: [(time: ContinuousClock.Instant, bytes: Int64)] = []
    private var lastReport: ContinuousClock.Instant?

    init(total: Int64, report: @escaping @Sendable (PullProgress) -> Void) {
        self.total = total
        self.report = report
    }

    /// Tells how many bytes are here; `always` also when the last report is younger than 200 ms.
    mutating func update(_ stage: PullProgress.Stage, _ source: String, _ bytes: Int64, always: Bool = false) {
        let now = ContinuousClock.now
        if !always, let lastReport, now - lastReport < .milliseconds(200) { return }
        lastReport = now
        if let last = samples.last, last.bytes > bytes || stage != .downloading { samples = [] }
        samples.append((now, bytes))
        while let first = samples.first, now - first.time > .seconds(5), samples.count > 2 { samples.removeFirst() }
        var rate = 0.0
        if stage == .downloading, let first = samples.first, now > first.time {
            let passed = (now - first.time) / .seconds(1)
            rate = Double(bytes - first.bytes) / max(passed, 1e-6)
        }
        report(PullProgress(stage: stage, source: source, bytes: bytes, total: total, bytesPerSecond: rate))
    }
}
