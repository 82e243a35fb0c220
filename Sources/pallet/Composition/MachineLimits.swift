import Foundation
import Tensors

/// What a machine can do at most with a number of threads: the figures that speeds are a share of.
struct MachineLimits: Encodable {
    let threads: Int
    /// Bytes a second that a plain read of memory reaches.
    let read_bytes_per_second: Double
    /// Multiply-adds of f32 and of bytes in registers, an addition and a product counted as two.
    let float_operations_per_second: Double
    let byte_operations_per_second: Double
}

/// Measures the limits in several rounds, so that a disturbance meets all thread counts alike; medians count.
struct MachineMeasurement {
    private let buffer: FloatBuffer
    private let pools: [WorkerPool]
    private var reads: [[Double]], floats: [[Double]], bytes: [[Double]]

    /// - Parameter threads: the counts to measure with.
    init(threads: [Int]) throws {
        buffer = try FloatBuffer(count: Self.bufferBytes / MemoryLayout<Float>.stride)
        // Memory that nothing was written to is one page of zeros, which the caches hold.
        buffer.fill(0..<buffer.count, with: 1)
        pools = try threads.map { try WorkerPool(threads: $0) }
        reads = Array(repeating: [], count: threads.count)
        floats = reads
        bytes = reads
    }

    /// The thread counts from 1 to `limit` that say how a machine scales: all of a small one, powers of two of a
    /// large one.
    static func counts(upTo limit: Int) -> [Int] {
        if limit <= 8 { return Array(1...max(1, limit)) }
        let powers = sequence(first: 1) { $0 * 2 }.prefix { $0 < limit }
        return Array(powers) + [limit]
    }

    /// Eight times the largest cache, within a quarter and two gigabytes.
    static let bufferBytes = min(max(8 * Processor.largestCache, 1 << 28), 1 << 31)

    /// One more round: about a quarter of a second for each thread count.
    mutating func measure() {
        let rounds = 200_000
        for (index, pool) in pools.enumerated() {
            let size = Double(buffer.count * MemoryLayout<Float>.stride)
            let read = Self.rate(for: 0.15) {
                Worker.read(buffer, pool: pool)
                return size
            }
            let ofFloats = Self.rate(for: 0.04) { Double(Worker.multiplyAdds(rounds: rounds, pool: pool)) }
            let ofBytes = Self.rate(for: 0.04) { Double(Worker.byteMultiplyAdds(rounds: rounds / 8, pool: pool)) }
            reads[index].append(read)
            floats[index].append(ofFloats)
            bytes[index].append(ofBytes)
        }
    }

    /// The medians of the rounds so far, by thread count.
    var limits: [MachineLimits] { limits(of: \.median) }

    /// Those of the last round alone, for a machine whose memory changes from one second to the next; none before it.
    var latest: [MachineLimits] { reads.last?.isEmpty == false ? limits { $0.last ?? 0 } : [] }

    private func limits(of figure: ([Double]) -> Double) -> [MachineLimits] {
        pools.indices.map { index in
            MachineLimits(
                threads: pools[index].threads, read_bytes_per_second: figure(reads[index]),
                float_operations_per_second: figure(floats[index]), byte_operations_per_second: figure(bytes[index]))
        }
    }

    /// Those of the last thread count; nil before the first round.
    var last: MachineLimits? { reads.last?.isEmpty == false ? limits.last : nil }

    /// Work a second; the body says how much it did.
    private static func rate(for span: Double, _ body: () -> Double) -> Double {
        _ = body()
        var done = 0.0
        let start = ContinuousClock.now
        var elapsed = 0.0
        repeat {
            done += body()
            elapsed = (ContinuousClock.now - start).inSeconds
        } while elapsed < span
        return done / max(elapsed, 1e-9)
    }
}

/// The machine that a figure was measured on.
enum Processor {
    /// As the operating system names it.
    static let name: String = {
        let info = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let line = info.split(separator: "\n").first { $0.hasPrefix("model name") }
        return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown CPU"
    }()

    /// The instruction set that the kernels use here.
    static var kernelSet: String { InstructionSet.current.name }

    /// Bytes of the largest cache that the first core sees; 0 where the system does not say.
    static let largestCache: Int = {
        let folder = "/sys/devices/system/cpu/cpu0/cache"
        let caches = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return caches.compactMap { cache in
            let text = (try? String(contentsOfFile: "\(folder)/\(cache)/size", encoding: .utf8)) ?? ""
            let number = Int(text.prefix { $0.isNumber })
            return number.map { $0 * (text.contains("M") ? 1 << 20 : 1 << 10) }
        }.max() ?? 0
    }()

    /// The most memory that this process has held so far, in bytes; nil where the system does not say.
    static var peakResidentBytes: Int? {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line.flatMap { Int($0.filter(\.isNumber)) }.map { $0 << 10 }
    }
}

extension Duration {
    /// As a number.
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

extension [Double] {
    /// The middle one; 0 of none.
    var median: Double { isEmpty ? 0 : sorted()[count / 2] }
}
