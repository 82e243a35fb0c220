import Foundation
import Storage

/// Fits the decision "answered or not found" to a question list, on retrieval features alone: no model is asked.
///
/// A logistic model is fitted with a pull towards the standard weights, so that a short list changes little; its
/// threshold is where the mean of both rates (answerable ones answered, others refused) is greatest. The report holds
/// what cross-validation says, where every question is judged by a model that has not seen it.
public struct Calibration: Sendable {
    /// How well a decision does on a list.
    public struct Report: Codable, Sendable, Equatable {
        /// How many questions have an answer.
        public var answerable: Int
        /// How many have none.
        public var unanswerable: Int
        /// Area under the ROC curve of the evidence, judged by models that had not seen the question.
        public var auc: Double
        /// Share of answerable questions that pass, likewise.
        public var answeredRate: Double
        /// Share of unanswerable questions that are refused, likewise.
        public var refusedRate: Double
        /// Mean of the two rates.
        public var balancedAccuracy: Double
        /// The same figures for the model before calibration.
        public var aucBefore: Double
        /// Balanced accuracy of the model before calibration.
        public var balancedAccuracyBefore: Double
        /// The fitted model.
        public var model: EvidenceModel
    }

    /// One question with its features (nil when nothing was found) and the truth.
    public struct Example: Sendable {
        var values: [Double]?
        var isAnswerable: Bool
        var hasVectors: Bool

        /// Makes the value from its parts.
        public init(found: FoundPassages, isAnswerable: Bool) {
            values = EvidenceFeatures(found)?.values
            hasVectors = found.meaning != nil
            self.isAnswerable = isAnswerable
        }
    }

    /// How strongly weights are drawn to the start model; as much as this many questions.
    public var pull: Double
    /// Parts of the list for cross-validation.
    public var folds: Int

    /// Makes the value from its parts.
    public init(pull: Double = 20, folds: Int = 5) {
        self.pull = max(0.01, pull)
        self.folds = max(2, folds)
    }

    /// Searches every question, fits, cross-validates. Saves nothing; see `calibrate(_:on:)`.
    public func fit(
        _ questions: [ListedQuestion], index: PassageIndex, start: EvidenceModel? = nil
    ) async throws -> Report {
        var examples: [Example] = []
        for question in questions {
            let found = try await index.find(Question(question.question))
            examples.append(Example(found: found, isAnswerable: question.answerable))
        }
        return try fit(examples, start: start)
    }

    /// Fits and keeps the model with the index.
    public func calibrate(_ index: PassageIndex, on questions: [ListedQuestion]) async throws -> Report {
        let report = try await fit(questions, index: index)
        try await index.store.saveCalibration(try report.model.json(), index: index.name)
        return report
    }

    /// Fits and cross-validates on examples.
    /// - Throws: `QuestionListError.tooFew` with fewer than five of either kind.
    public func fit(_ examples: [Example], start: EvidenceModel? = nil) throws(QuestionListError) -> Report {
        let start = start ?? .standard(hasVectors: examples.contains(where: \.hasVectors))
        let good = examples.filter(\.isAnswerable).count
        let bad = examples.count - good
        if good < 5 { throw .tooFew(kind: "answerable", expected: 5, actual: good) }
        if bad < 5 { throw .tooFew(kind: "unanswerable", expected: 5, actual: bad) }
        var judged: [(score: Double, isAnswerable: Bool)] = []
        var answered = 0
        var refused = 0
        // Folds take every n-th question of each kind, so that each fold has both.
        var ranks = [true: 0, false: 0]
        let fold = examples.map { example in
            let rank = ranks[example.isAnswerable, default: 0]
            ranks[example.isAnswerable] = rank + 1
            return rank % folds
        }
        for part in 0..<folds {
            let seen = zip(examples, fold).filter { $0.1 != part }.map(\.0)
            let model = fitted(seen, start: start)
            for (example, number) in zip(examples, fold) where number == part {
                let score = example.values.map(model.probability) ?? 0
                judged.append((score - model.threshold, example.isAnswerable))
                if example.isAnswerable, score >= model.threshold { answered += 1 }
                if !example.isAnswerable, score < model.threshold { refused += 1 }
            }
        }
        var model = fitted(examples, start: start)
        let rates = (Double(answered) / Double(good), Double(refused) / Double(bad))
        let auc = Self.auc(judged)
        model.origin =
            "calibrated on \(good) answerable and \(bad) unanswerable questions, AUC "
            + auc.formatted(.number.precision(.fractionLength(3)).locale(Locale(identifier: "en")))
        let before = examples.map { (score: $0.values.map(start.probability) ?? 0, isAnswerable: $0.isAnswerable) }
        return Report(
            answerable: good, unanswerable: bad, auc: auc, answeredRate: rates.0, refusedRate: rates.1,
            balancedAccuracy: (rates.0 + rates.1) / 2, aucBefore: Self.auc(before),
            balancedAccuracyBefore: Self.balanced(before, threshold: start.threshold), model: model)
    }

    /// Gradient descent on the weighted logistic loss: both kinds weigh the same, however many there are.
    private func fitted(_ examples: [Example], start: EvidenceModel) -> EvidenceModel {
        let known = examples.compactMap { example in example.values.map { ($0, example.isAnswerable) } }
        let good = Double(max(1, known.filter(\.1).count))
        let bad = Double(max(1, known.count - known.filter(\.1).count))
        let half = Double(known.count) / 2
        var model = start
        for step in 0..<2000 {
            var gradient = zip(model.weights, start.weights).map { pull * 0.05 * ($0 - $1) }
            var biasGradient = pull * 0.05 * (model.bias - start.bias)
            for (values, isAnswerable) in known {
                let share = isAnswerable ? half / good : half / bad
                let error = (model.probability(values) - (isAnswerable ? 1 : 0)) * share
                for index in gradient.indices { gradient[index] += error * values[index] }
                biasGradient += error
            }
            let rate = 2.0 / Double(max(8, known.count)) / (1 + Double(step) / 1000)
            for index in model.weights.indices { model.weights[index] -= rate * gradient[index] }
            model.bias -= rate * biasGradient
        }
        let scores = examples.map { (score: $0.values.map(model.probability) ?? 0, isAnswerable: $0.isAnswerable) }
        // Half way from the start's: the best cut of a short list is a matter of one or two questions.
        model.threshold = (Self.bestThreshold(scores) + start.threshold) / 2
        return model
    }

    /// The middle of the widest stretch of thresholds with the best balanced accuracy.
    static func bestThreshold(_ scores: [(score: Double, isAnswerable: Bool)]) -> Double {
        let cuts = ([0] + Set(scores.map(\.score)).sorted() + [1])
        var best: (accuracy: Double, width: Double, threshold: Double) = (-1, 0, 0.5)
        for (low, high) in zip(cuts, cuts.dropFirst()) where high > low {
            let middle = (low + high) / 2
            let accuracy = balanced(scores, threshold: middle)
            if (accuracy, high - low) > (best.accuracy, best.width) { best = (accuracy, high - low, middle) }
        }
        return best.threshold
    }

    static func balanced(_ scores: [(score: Double, isAnswerable: Bool)], threshold: Double) -> Double {
        let good = scores.filter(\.isAnswerable)
        let bad = scores.filter { !$0.isAnswerable }
        guard !good.isEmpty, !bad.isEmpty else { return 0 }
        let answered = Double(good.filter { $0.score >= threshold }.count) / Double(good.count)
        let refused = Double(bad.filter { $0.score < threshold }.count) / Double(bad.count)
        return (answered + refused) / 2
    }

    /// Probability that an answerable question scores above an unanswerable one; ties count half.
    public static func auc(_ scores: [(score: Double, isAnswerable: Bool)]) -> Double {
        let good = scores.filter(\.isAnswerable).map(\.score)
        let bad = scores.filter { !$0.isAnswerable }.map(\.score)
        guard !good.isEmpty, !bad.isEmpty else { return 0.5 }
        var wins = 0.0
        for x in good { for y in bad { wins += x > y ? 1 : (x == y ? 0.5 : 0) } }
        return wins / Double(good.count * bad.count)
    }
}
