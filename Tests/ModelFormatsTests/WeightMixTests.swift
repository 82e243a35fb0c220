import Foundation
import ModelFormats
import Tensors
import TestSupport
import Testing

/// Which tensor gets which type, against dry runs of llama.cpp's quantiser on ten shapes.
struct WeightMixTests {
    private struct Line: Decodable {
        let model: String
        let arch: String
        let layers: Int
        let hidden: Int
        let ffn: Int
        let heads: Int
        let kvHeads: Int
        let headDim: Int
        let tied: Bool
        let experts: Int
        let type: String
        /// Type → name with `*` for the layer → layers such as `0-2,5`.
        let tensors: [String: [String: String]]

        var shape: WeightMix.Shape {
            WeightMix.Shape(
                layers: layers, headsPerValue: heads / kvHeads, experts: experts, isLlama: arch == "llama",
                tiedOutput: tied)
        }

        /// Dimensions of a tensor, the contiguous one first; other dimensions than the first say nothing.
        func dimensions(_ name: String) -> [Int] {
            if name.hasSuffix(".bias") || name.hasSuffix("_norm.weight") { return [hidden] }
            let columns =
                name.contains(".ffn_down") ? ffn : name.contains(".attn_output.") ? heads * headDim : hidden
            return name.contains("_exps.") ? [columns, 16, experts] : [columns, 16]
        }

        /// All tensors with their types.
        func expected() -> [(name: String, type: String)] {
            tensors.flatMap { type, names in
                names.flatMap { name, spans -> [(name: String, type: String)] in
                    guard name.contains("*") else { return [(name, type)] }
                    return spans.split(separator: ",").flatMap { span in
                        let ends = span.split(separator: "-").compactMap { Int($0) }
                        return (ends[0]...(ends.last ?? ends[0])).map { layer in
                            (name.replacingOccurrences(of: "*", with: "\(layer)"), type)
                        }
                    }
                }
            }
        }
    }

    @Test(.enabled(if: Shared.available, Shared.hint))
    func everyTensorOfEveryShapeHasLlamaCppsType() throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let text = String(decoding: try Shared.data("reference/quantisation/mixes.jsonl"), as: UTF8.self)
        var lines = 0
        var tensors = 0
        for line in text.split(separator: "\n") {
            let line = try decoder.decode(Line.self, from: Data(line.utf8))
            guard let type = ModelExporter.WeightType(rawValue: line.type) else { continue }
            let mix = try #require(WeightMix(type, shape: line.shape))
            for (name, expected) in line.expected() {
                let got = mix.type(of: name, dimensions: line.dimensions(name)).type.name.lowercased()
                #expect(got == expected, "\(line.model) \(line.type) \(name)")
                tensors += 1
            }
            lines += 1
        }
        // Seven types that are written, ten shapes.
        #expect(lines == 70 && tensors > 15_000, "\(lines) lines, \(tensors) tensors")
    }

    @Test func whatIsSmallOrHasNoWholeBlocks() throws {
        let shape = WeightMix.Shape(layers: 24, headsPerValue: 4, experts: 0, isLlama: true, tiedOutput: false)
        #expect(WeightMix(.same, shape: shape) == nil)
        let mix = try #require(WeightMix(.q4_k_m, shape: shape))
        func type(_ name: String, _ columns: Int) -> ElementType { mix.type(of: name, dimensions: [columns, 4]).type }
        #expect(type("blk.9.ffn_gate_inp.weight", 256) == .f32 && type("position_embd.weight", 256) == .f32)
        #expect(type("blk.9.ffn_up.weight", 256) == .q4_k && type("blk.9.ffn_up.weight", 896) == .q5_0)
        #expect(type("blk.9.ffn_up.weight", 100) == .f16 && type("output.weight", 896) == .q8_0)
        #expect(type("blk.0.attn_v.weight", 512) == .q6_k && type("blk.3.attn_v.weight", 512) == .q4_k)
        #expect(mix.type(of: "blk.9.ffn_up.weight", dimensions: [896, 4]).isFallback)
        #expect(!mix.type(of: "blk.9.ffn_up.weight", dimensions: [512, 4]).isFallback)
        #expect(mix.type(of: "blk.9.ffn_up.weight", dimensions: [512]).type == .f32)
    }
}
