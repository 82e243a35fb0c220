import Glibc
public import ModelFormats
public import Tensors

/// Angular frequencies of rotary position embedding: pair i turns by position · f_i.
///
/// The base form is f_i = base^(−2i/r) for r rotated dimensions (Su et al., 2021, RoFormer); the scalings stretch it
/// to contexts longer than the model was trained on.
enum RopeFrequencies {
    /// r/2 frequencies in radians per position.
    static func inverse(_ configuration: ModelConfiguration) -> [Double] {
        let rotated = configuration.ropeDimensions
        let base = (0..<rotated / 2).map { pow(configuration.ropeBase, -2 * Double($0) / Double(rotated)) }
        // A GGUF of Llama 3.1 carries its scaling as one divisor per pair instead of parameters.
        if let factors = configuration.ropeFrequencyFactors, factors.count == base.count {
            return zip(base, factors).map { $0 / Double($1) }
        }
        switch configuration.ropeScaling {
        case .none: return base
        case .linear(let factor): return base.map { $0 / factor }
        case .llama3(let factor, let low, let high, let original):
            return base.map { llama3($0, factor: factor, low: low, high: high, original: Double(original)) }
        case .yarn(let yarn): return self.yarn(base, yarn, ropeBase: configuration.ropeBase)
        case .longRope(let rope):
            let isLong = configuration.contextLength > rope.originalContextLength
            return zip(base, isLong ? rope.longFactors : rope.shortFactors).map { $0 / Double($1) }
        }
    }

    /// Those of layers with a window where they have a base of their own, which nothing scales (gemma3).
    static func local(_ configuration: ModelConfiguration) -> [Double]? {
        let rotated = configuration.ropeDimensions
        return configuration.localRopeBase.map { base in
            (0..<rotated / 2).map { pow(base, -2 * Double($0) / Double(rotated)) }
        }
    }

    /// What cosine and sine are multiplied by.
    static func attentionFactor(_ configuration: ModelConfiguration) -> Float {
        switch configuration.ropeScaling {
        case .yarn(let yarn): Float(yarn.attentionFactor)
        case .longRope(let rope): rope.attentionFactor
        case .none, .linear, .llama3: 1
        }
    }

    /// Llama 3.1's scaling: short waves stay, long ones are stretched by the factor, those between are blended.
    private static func llama3(
        _ frequency: Double, factor: Double, low: Double, high: Double, original: Double
    ) -> Double {
        let wavelength = 2 * Double.pi / frequency
        if wavelength < original / high { return frequency }
        if wavelength > original / low { return frequency / factor }
        let blend = (original / wavelength - low) / (high - low)
        return (1 - blend) * frequency / factor + blend * frequency
    }

    /// YaRN (Peng et al., 2023): pairs that turn often stay, slow ones are interpolated, with a ramp between.
    private static func yarn(_ base: [Double], _ yarn: YarnScaling, ropeBase: Double) -> [Double] {
        let rotated = Double(base.count * 2)
        func pair(turns: Double) -> Double {
            rotated * log(Double(yarn.originalContextLength) / (2 * Double.pi * turns)) / (2 * log(ropeBase))
        }
        var low = pair(turns: yarn.betaFast)
        var high = pair(turns: yarn.betaSlow)
        if yarn.truncate {
            low.round(.down)
            high.round(.up)
        }
        low = max(low, 0)
        high = min(high, rotated - 1)
        if low == high { high += 0.001 }
        return base.enumerated().map { index, frequency in
            let ramp = min(max((Double(index) - low) / (high - low), 0), 1) * yarn.extrapolationFactor
            return frequency / yarn.factor * ramp + frequency * (1 - ramp)
        }
    }
}

extension RopeTable {
    /// The angles of a model, for weights as `ModelFile` gives them; LongRoPE takes the factors for sequences of up to
    /// the configuration's context length.
    public init(configuration: ModelConfiguration) {
        self.init(
            inverseFrequencies: RopeFrequencies.inverse(configuration),
            attentionFactor: RopeFrequencies.attentionFactor(configuration),
            pairing: Pairing(configuration.architecture.ropePairing))
    }

    /// The angles of the layers with a window; nil where all layers turn alike.
    init?(localLayersOf configuration: ModelConfiguration) {
        guard let frequencies = RopeFrequencies.local(configuration) else { return nil }
        self.init(inverseFrequencies: frequencies, pairing: Pairing(configuration.architecture.ropePairing))
    }
}

extension RopeTable.Pairing {
    init(_ pairing: RopePairing) { self = pairing == .adjacent ? .adjacent : .halves }
}
