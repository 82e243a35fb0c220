public import Tensors

/// What an optimizer does with gradients.
public struct OptimizerSettings: Sendable, Equatable, Codable {
    /// Which one.
    public enum Method: String, Sendable, CaseIterable, Codable {
        /// Loshchilov and Hutter, 2019.
        case adamw
        /// Muon (Jordan, 2024) for the matrices of the blocks, AdamW for embedding, output, norms and biases.
        case muon
    }

    /// Which optimizer.
    public var method: Method
    /// AdamW's decay rates of the moments, ε, and the weight decay of both.
    public var beta1: Double, beta2: Double, epsilon: Double, weightDecay: Double
    /// Gradients are scaled down to this norm; 0 is off.
    public var clipNorm: Double
    /// Muon's momentum, and what its rate is times AdamW's.
    public var momentum: Double, muonRateRatio: Double

    /// The defaults of README-training §3.
    public init(
        method: Method = .adamw, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
        weightDecay: Double = 0, clipNorm: Double = 1, momentum: Double = 0.95, muonRateRatio: Double = 1
    ) {
        self.method = method
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weightDecay = weightDecay
        self.clipNorm = clipNorm
        self.momentum = momentum
        self.muonRateRatio = muonRateRatio
    }
}

/// An optimizer with its state: one pass over all that is trained.
public final class Optimizer: Sendable {
    /// What it does.
    public let settings: OptimizerSettings
    /// First moments (Muon: the momentum) and second moments, laid out as the arena.
    public let first: FloatBuffer, second: FloatBuffer
    private let arena: ParameterArena
    private let muon: MuonSpace?

    /// - Throws: `TensorError.outOfMemory`.
    public init(_ settings: OptimizerSettings, arena: ParameterArena) throws {
        self.settings = settings
        self.arena = arena
        first = try FloatBuffer(count: arena.count)
        second = try FloatBuffer(count: arena.count)
        let matrices = settings.method == .muon ? arena.parameters.filter(Self.isHidden) : []
        muon = matrices.isEmpty ? nil : try MuonSpace(matrices)
    }

    /// The matrices that Muon changes: those of the blocks.
    static func isHidden(_ parameter: Parameter) -> Bool {
        parameter.rows > 1 && parameter.columns > 1 && parameter.name.hasPrefix("blk.")
    }

    /// √Σ g² over all that is trained: tensors in order, double precision.
    public func gradientNorm(pool: WorkerPool) throws(TensorError) -> Double {
        try arena.gradients.sumOfSquares(arena.parameters.map(\.range), pool: pool).squareRoot()
    }

    /// One step.
    ///
    /// - Parameters:
    ///   - rate: the learning rate.
    ///   - number: of the step, from 1.
    ///   - norm: of the gradients before clipping.
    public func step(rate: Double, number: Int, norm: Double, pool: WorkerPool) {
        let clip = settings.clipNorm > 0 ? min(1, settings.clipNorm / (norm + 1e-6)) : 1
        pool.run { worker in
            for parameter in self.arena.parameters {
                if let muon = self.muon, Self.isHidden(parameter) {
                    muon.step(
                        parameter, arena: self.arena, momentum: self.first, settings: self.settings,
                        rate: Float(rate * self.settings.muonRateRatio), clip: Float(clip), worker: worker)
                    continue
                }
                let step = AdamWStep(
                    rate: Float(rate), beta1: Float(self.settings.beta1), beta2: Float(self.settings.beta2),
                    epsilon: Float(self.settings.epsilon),
                    decay: parameter.decays ? Float(self.settings.weightDecay) : 0, number: number,
                    gradientScale: Float(clip))
                worker.adamW(
                    step, values: self.arena.values, gradients: self.arena.gradients, first: self.first,
                    second: self.second, range: parameter.range)
            }
        }
    }
}
