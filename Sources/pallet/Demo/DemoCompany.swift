import Corpus
import Foundation
import Retrieval
import Site
import Storage

/// The invented company of `Examples/demo-company`, or any folder of the same shape.
struct DemoCompany {
    /// `company.json`.
    struct Facts: Decodable {
        struct Texts: Decodable {
            let zh: String
            let en: String
        }

        let name: String
        let siteName: String
        let hotline: String
        let address: String
        let assistantName: String
        let systemText: Texts
        let exampleQuestions: [String]
        let documents: String
        let sitePage: String
        let calibration: String
        /// Questions that the tuned model is measured on.
        let questions: String?
    }

    static let indexName = "company"
    let folder: URL
    let facts: Facts

    init(folder: URL) throws {
        self.folder = folder
        let file = folder.appendingPathComponent("company.json")
        do {
            facts = try JSONDecoder().decode(Facts.self, from: try InputFile.data(file.path))
        } catch let error as DecodingError {
            throw Failure(.data, "\(file.path) 的内容不对：\(error)", "\(file.path): \(error)")
        }
    }

    /// Site, documents, index, calibration and assistant into a home. What is there already is taken up.
    func load(into home: Home, model: String, threads: Int) async throws {
        let report = try await SiteImport(home: home).run(folder.appendingPathComponent(facts.sitePage).path)
        Output.line(
            text(
                "   网点 \(report.stationsKept) 个，其中 \(report.filing.filedUnderWrongProvince.count) 个原页归错省份，已改正",
                "   \(report.stationsKept) stations, \(report.filing.filedUnderWrongProvince.count) of them filed under the "
                    + "wrong province on the page and corrected"))
        try buildCorpus(in: home)
        let index = try await CorpusBuilding(home: home, threads: threads).index(
            [Self.indexName, SiteImport.corpusName], name: Self.indexName)
        Output.line(text("   索引 \(index.passages) 段", "   index of \(index.passages) passages"))
        let database = try PalletDatabase.open(home: home.url)
        try await database.companyFacts.setFacts([
            "name": facts.name, "site": facts.siteName, "hotline": facts.hotline, "address": facts.address,
            "system_text": facts.systemText.zh,
            "example_questions": facts.exampleQuestions.joined(separator: "\n"),
        ])
        let articles = try DemoArticles(folder: folder.appendingPathComponent(facts.documents, isDirectory: true))
            .read()
        _ = try await database.articles.importArticles(articles)
        let questions = try QuestionList.read(folder.appendingPathComponent(facts.calibration))
        let calibration = try await Calibration().calibrate(
            try await EmbedderLoading(home: home, threads: threads).index(Self.indexName, in: database), on: questions)
        Output.line(
            text(
                "   校准：\(questions.count) 题，AUC \(String(format: "%.3f", calibration.auc))",
                "   calibrated on \(questions.count) questions, AUC \(String(format: "%.3f", calibration.auc))"))
        try await database.assistants.save(
            AssistantRecord(
                name: "assistant", title: facts.assistantName, model: model, knowledge: Self.indexName,
                systemText: facts.systemText.zh, settings: .init(hotline: facts.hotline)))
    }

    /// The documents as clean records.
    func buildCorpus(in home: Home) throws {
        let corpus = try CorpusBuilding(home: home).build(
            folder.appendingPathComponent(facts.documents, isDirectory: true), name: Self.indexName)
        Output.line(
            text(
                "   资料 \(corpus.documentsRead) 份，记录 \(corpus.records) 条，丢弃 \(corpus.droppedTotal) 条（见 corpus/\(corpus.name)/report.json）",
                "   \(corpus.documentsRead) documents, \(corpus.records) records, \(corpus.droppedTotal) dropped "
                    + "(corpus/\(corpus.name)/report.json says why)"))
    }
}
