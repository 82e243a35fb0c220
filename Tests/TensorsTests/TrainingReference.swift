import Foundation
import Tensors
import TestSupport
import Testing

/// One operation of the training references: its inputs, outputs and gradients by name.
struct TrainingReference {
    private let tensors: [String: (shape: [Int], values: [Double])]
    /// Constants of the operation.
    let parameters: [String: Double]

    init(_ name: String) throws {
        let folder = "reference/training/numerics/"
        let data = [UInt8](try Shared.data(folder + name + ".safetensors"))
        let length = (0..<8).reduce(0) { $0 | Int(data[$1]) << (8 * $1) }
        let head = try JSONSerialization.jsonObject(with: Data(data[8..<8 + length]))
        var found: [String: (shape: [Int], values: [Double])] = [:]
        for (name, entry) in try #require(head as? [String: [String: Any]]) {
            guard let shape = entry["shape"] as? [Int], let type = entry["dtype"] as? String,
                let offsets = entry["data_offsets"] as? [Int]
            else { continue }
            let bytes = data[8 + length + offsets[0]..<8 + length + offsets[1]]
            let size = type == "I64" ? 8 : 4
            let values = stride(from: bytes.startIndex, to: bytes.endIndex, by: size).map { start in
                let bits = (0..<size).reduce(UInt64(0)) { $0 | UInt64(bytes[start + $1]) << UInt64(8 * $1) }
                return type == "I64"
                    ? Double(Int64(bitPattern: bits)) : Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
            }
            found[name] = (shape, values)
        }
        tensors = found
        let all = try JSONSerialization.jsonObject(with: Shared.data(folder + "parameters.json"))
        parameters = try #require((all as? [String: Any])?[name] as? [String: Double])
    }

    func shape(_ name: String) throws -> [Int] { try #require(tensors[name], "\(name)").shape }

    func floats(_ name: String) throws -> [Float] { try #require(tensors[name], "\(name)").values.map { Float($0) } }

    func has(_ name: String) -> Bool { tensors[name] != nil }

    func integers(_ name: String) throws -> [Int] { try #require(tensors[name], "\(name)").values.map { Int($0) } }

    func buffer(_ name: String) throws -> FloatBuffer { try FloatBuffer(floats(name)) }

    func view(_ name: String) throws -> MatrixView {
        let shape = try shape(name)
        let columns = try #require(shape.last), count = shape.reduce(1, *)
        return MatrixView(try buffer(name), rows: count / columns, columns: columns)
    }

    /// The largest error may be a hundred-thousandth of the largest value.
    func expect(_ got: [Float], _ name: String, _ location: SourceLocation = #_sourceLocation) throws {
        let want = try floats(name)
        try #require(got.count == want.count, "\(name)", sourceLocation: location)
        let error = zip(got, want).reduce(0.0) { max($0, abs(Double($1.0) - Double($1.1))) }
        let largest = want.reduce(0.0) { max($0, abs(Double($1))) }
        let isFinite = got.allSatisfy(\.isFinite)
        #expect(isFinite && error <= 1e-5 * largest, "\(name): \(error) of \(largest)", sourceLocation: location)
    }
}
