public import ModelFormats
public import Tensors

/// An encoder of the BERT family (Devlin et al., 2018) with its weights in memory: it turns the tokens of a text into
/// states, each of which has seen the whole text.
///
/// Immutable after loading and shared by all who compute with it; what changes lies in an `EncoderWorkspace` per
/// computing loop.
public final class EncoderModel: Sendable {
    /// The architectures that have a forward pass here.
    public static let supportedArchitectures: [Architecture] = [.bert]

    /// The published hyperparameters.
    public let configuration: ModelConfiguration
    /// How weights were taken in.
    public let precision: Precision
    let weights: EncoderWeights

    /// Reads and repacks all weights. Takes about as long as reading the file.
    /// - Throws: `TransformerError` for what cannot be computed, the file's own errors for what cannot be read.
    public init(
        file: ModelFile, precision: Precision = .integer,
        progress: @escaping (String, Int, Int) -> Void = { _, _, _ in }
    ) throws {
        let architecture = file.configuration.architecture
        guard Self.supportedArchitectures.contains(architecture) else {
            throw TransformerError.unsupportedArchitecture(
                found: architecture.rawValue, known: Self.supportedArchitectures.map(\.rawValue))
        }
        configuration = file.configuration
        self.precision = precision
        weights = try WeightReader(file: file, precision: precision, progress: progress).encoder()
    }

    /// Rows of the embedding matrix: ids from 0 to one less are valid input.
    public var vocabularySize: Int { weights.embedding.rows }

    /// Width of a state and of a vector.
    public var embeddingLength: Int { configuration.embeddingLength }

    /// Bytes of the weights in memory.
    public var residentBytes: Int { weights.residentBytes }
}

/// Scratch memory of one computing loop of an encoder, sized once for `rows` tokens.
public final class EncoderWorkspace: Sendable {
    /// Most tokens of one step, all texts together.
    public let rows: Int
    /// [M, E] the states; each block's input and output.
    let hidden: ActivationBuffer
    /// [M, E] what positions add.
    let offsets: FloatBuffer
    /// [M, H·d] each.
    let query: FloatBuffer, key: FloatBuffer, value: FloatBuffer
    /// [M, H·d] output of attention before its projection.
    let attended: ActivationBuffer
    /// [M, F] inner values of the feed-forward part.
    let inner: ActivationBuffer
    /// Keys and values of one block, all texts of a step one behind the other.
    let cache: KeyValueCache
    /// [M, E] what a reranker's head makes of first tokens, and [M] the scores; one row for a model of vectors.
    let pooled: ActivationBuffer
    let scores: FloatBuffer

    /// - Parameter rows: most tokens of one step.
    public init(model: EncoderModel, rows: Int) throws {
        let c = model.configuration
        let quantised = model.weights.usesQuantisedActivations
        let width = c.headCount * c.keyLength
        self.rows = rows
        hidden = try ActivationBuffer(rows: rows, columns: c.embeddingLength, quantised: quantised)
        offsets = try FloatBuffer(count: rows * c.embeddingLength)
        query = try FloatBuffer(count: rows * width)
        key = try FloatBuffer(count: rows * width)
        value = try FloatBuffer(count: rows * width)
        attended = try ActivationBuffer(rows: rows, columns: width, quantised: quantised)
        inner = try ActivationBuffer(rows: rows, columns: c.feedForwardLength, quantised: quantised)
        cache = try KeyValueCache(
            layers: 1, kvHeads: c.headCount, keyLength: c.keyLength, valueLength: c.valueLength)
        pooled = try ActivationBuffer(
            rows: c.scoresPairs ? rows : 1, columns: c.embeddingLength, quantised: false)
        scores = try FloatBuffer(count: c.scoresPairs ? rows : 1)
    }
}
