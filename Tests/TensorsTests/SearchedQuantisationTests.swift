import Foundation
import Tensors
import TestSupport
import Testing

/// Q4_K, Q5_K and Q6_K are written by a search of our own: its errors against llama.cpp's on the same values.
@Suite(.enabled(if: Shared.available, Shared.hint)) struct SearchedQuantisationTests {
    static let types: [ElementType] = [.q4_k, .q5_k, .q6_k]
    /// All block types that `pallet model quantize` writes.
    static let written: [ElementType] = [.q4_0, .q5_0, .q5_1, .q8_0] + types
    /// Most decisions there are ties, and rounding decides.
    static let pictures: Set<String> = ["one_sided", "ramp", "alternating", "constant", "one_nonzero", "tiny"]

    private struct Errors {
        var square = 0.0, norm = 0.0, weighted = 0.0, weightedNorm = 0.0

        /// README-quantisation.md §2; rows are multiples of 32 here.
        init(_ x: [Float], _ y: [Float]) {
            for start in stride(from: 0, to: x.count, by: 32) {
                let part = x[start..<(start + 32)]
                let rms = (part.reduce(0.0) { $0 + Double($1) * Double($1) } / 32).squareRoot()
                for index in part.indices {
                    let value = Double(x[index]), error = Double(y[index]) - value, weight = abs(value) + rms
                    square += error * error
                    norm += value * value
                    weighted += weight * error * error
                    weightedNorm += weight * value * value
                }
            }
        }
    }

    @Test(arguments: written)
    func errorsAreAtMostThoseOfLlamaCpp(type: ElementType) throws {
        let name = type.name.lowercased()
        let all = try #require(
            try JSONSerialization.jsonObject(with: Shared.data("reference/quantisation/cases.json")) as? [String: Any])
        let cases = try #require(all[name] as? [String: [String: Any]])
        let file = try TensorFile("reference/quantisation/\(name).safetensors")
        var checked = 0
        for (name, expected) in cases where !name.hasPrefix("imatrix") && name != "random_bytes" {
            guard let source = file.floats("\(name).source") else { continue }
            let bytes = try Quantisation.encode(source, type: type)
            let errors = Errors(source, try Quantisation.dequantise(bytes, type: type, count: source.count))
            let rmse = (errors.square / Double(source.count)).squareRoot()
            let factor = Self.pictures.contains(name) ? 1.2 : 1.02
            let isTiny = errors.square <= 1e-7 * errors.norm
            let limit = factor * (try #require(expected["rmse"] as? Double))
            #expect(rmse <= limit || isTiny, "\(type) \(name): \(rmse), llama.cpp \(limit / factor)")
            let weighted = errors.weightedNorm > 0 ? errors.weighted / errors.weightedNorm : 0
            let most = factor * factor * (try #require(expected["weighted_error"] as? Double))
            #expect(weighted <= most || isTiny, "\(type) \(name): weighted \(weighted), limit \(most)")
            checked += 1
        }
        #expect(checked >= 12)
    }

    @Test(arguments: types)
    func anyValuesGiveFiniteBlocksAndThreadsChangeNothing(type: ElementType) throws {
        var state: UInt64 = 7
        func next() -> Float {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(Int32(truncatingIfNeeded: state >> 33) % 2001 - 1000) / 500
        }
        let values = (0..<(256 * 130)).map { _ in next() }
        let one = try Quantisation.encode(values, type: type)
        for threads in [1, 2, 3] {
            #expect(try Quantisation.encode(values, type: type, pool: WorkerPool(threads: threads)) == one)
        }
        for set in InstructionSet.available {
            let pool = try WorkerPool(threads: 2, instructionSet: set)
            #expect(try Quantisation.encode(values, type: type, pool: pool) == one, "\(set)")
        }
        for odd: [Float] in [
            [0, 0, 0], [.nan, 1, -1], [.infinity, 1], [-.infinity, .nan],
            [.leastNonzeroMagnitude, -.leastNonzeroMagnitude], [3e38, -3e38], [-1, -1, -1],
        ] {
            let bytes = try Quantisation.encode((0..<256).map { odd[$0 % odd.count] }, type: type)
            let back = try Quantisation.dequantise(bytes, type: type, count: 256)
            if odd == [0, 0, 0] { #expect(back.allSatisfy { $0 == 0 }) }
            if odd == [-1, -1, -1] { #expect(back.allSatisfy { abs($0 + 1) < 2e-2 }) }
        }
        #expect(throws: TensorError.self) { try Quantisation.encode([1, 2, 3], type: type) }
        #expect(throws: TensorError.typeNotEncodable(.q2_k)) {
            try Quantisation.encode([Float](repeating: 0, count: 256), type: .q2_k)
        }
    }
}
