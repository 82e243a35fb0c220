import Foundation
import ModelFormats
import Testing
import Training

/// Files of rows: JSON lines, lists, tables; whole and broken.
struct DatasetFileTests {
    private static func texts(_ text: String, as name: String) throws -> [String] {
        try TestModel.marked(try TestModel.read(text, as: name, with: try TestModel.reader(template: nil)).examples)
    }

    private static let expected = ["a⟦b<|endoftext|>⟧", "c⟦d<|endoftext|>⟧"]

    @Test("the same rows in each kind of file")
    func kinds() throws {
        #expect(try Self.texts("{\"text\":\"ab\"}\r\n\n {\"text\":\"cd\"}", as: "x.jsonl") == Self.expected)
        #expect(try Self.texts("\u{FEFF}{\"text\":\"ab\"}\n{\"text\":\"cd\"}\n", as: "x.ndjson") == Self.expected)
        #expect(try Self.texts("{\"text\":\"ab\"}\n{\"text\":\"cd\"}\n", as: "x.json") == Self.expected)
        #expect(try Self.texts("\n [ {\n\"text\":\"ab\"} ,\n{\"text\": \"cd\"}\n] \n", as: "x.json") == Self.expected)
        #expect(try Self.texts("id,text\r\n1,ab\r\n2,\"cd\"\r\n", as: "x.csv") == Self.expected)
        #expect(try Self.texts("text\tid\nab\t\n\ncd\t2", as: "x.tsv") == Self.expected)
    }

    @Test("a table's separator is the one that its header has")
    func separators() throws {
        #expect(try Self.texts("id;text\r\n1;ab\r\n2;\"cd\"\r\n", as: "x.csv") == Self.expected)
        #expect(try Self.texts("\u{FEFF}id\ttext\n1\tab\n2\tcd\n", as: "x.csv") == Self.expected)
        // Separators in quotes, and of other kinds in cells.
        #expect(try Self.texts("text,\"a;b;c\"\nab,x;y\ncd,\n", as: "x.csv") == Self.expected)
        #expect(try Self.texts("\"text\";\"a,b\"\nab;1,5\ncd;2,5\n", as: "x.csv") == Self.expected)
        #expect(try Self.texts("text\nab\ncd\n", as: "x.csv") == Self.expected)
        #expect(try Self.texts("text;id\n\"a;\nb\";1\n", as: "x.csv") == ["a⟦;\nb<|endoftext|>⟧"])
        // What is named for tabs has tabs.
        #expect(throws: TrainingDataError.self) { try Self.texts("id;text\n1;ab\n", as: "x.tsv") }
    }

    @Test("UTF-16 is told by its byte order mark, whatever the file's ending")
    func utf16() throws {
        for encoding in [String.Encoding.utf16LittleEndian, .utf16BigEndian] {
            let mark: [UInt8] = encoding == .utf16LittleEndian ? [0xFF, 0xFE] : [0xFE, 0xFF]
            for name in ["x.jsonl", "x.json", "x.csv", "x.tsv"] {
                let data = Data(mark) + (try #require("id,text\n1,ab\n".data(using: encoding)))
                #expect(throws: TrainingDataError.utf16(file: name)) {
                    try TestModel.read(data, as: name, with: try TestModel.reader(template: nil))
                }
            }
        }
    }

    @Test("brackets, quotes and commas in strings do not end a row; lines are counted")
    func strings() throws {
        let list = #"[{"text":"a]},[{\"\\"},"# + "\n\n" + #"{"text":"b"}, 7]"#
        let read = try TestModel.read(list, as: "x.json", with: try TestModel.reader(.skip(limit: 1), template: nil))
        #expect(try TestModel.marked(read.examples) == [#"a⟦]},[{"\<|endoftext|>⟧"#, "b⟦<|endoftext|>⟧"])
        #expect(read.report.firstBad.map(\.line) == [3])
        let table = "text,label\n\"a,\"\"b\"\"\nc\",1\nd,2,3\ne,4\n"
        let cells = try TestModel.read(table, as: "x.csv", with: try TestModel.reader(.skip(limit: 1), template: nil))
        #expect(try TestModel.marked(cells.examples) == ["a⟦,\"b\"\nc<|endoftext|>⟧", "e⟦<|endoftext|>⟧"])
        #expect(cells.report.firstBad.map(\.line) == [4])
    }

    @Test("a table may hold messages, judgements and ids in its cells")
    func cells() throws {
        let table = "input_ids,labels\n\"[1,2]\",\"[-100,2]\"\n"
        let read = try TestModel.read(table, as: "x.csv", with: try TestModel.reader(template: nil))
        #expect(read.examples == [.row(TrainingRow(tokens: [1, 2], labels: [-100, 2]))])
        let judged = try TestModel.read(
            "prompt,completion,label\nq,a,false\n", as: "x.csv", with: try TestModel.reader(template: nil))
        #expect(try TestModel.marked(judged.examples) == ["false q⟦a<|endoftext|>⟧"])
    }

    @Test("every beginning of a file is read, or refused; nothing is lost in silence")
    func truncated() throws {
        let files = [
            ("x.jsonl", "{\"text\":\"ab\"}\n{\"text\":\"cd\"}\n"),
            ("x.json", "[{\"text\":\"ab\"},\n{\"text\":\"cd\"}]"),
            ("x.csv", "text,id\n\"ab\",1\n\"cd\",2\n"),
        ]
        for (name, text) in files {
            let bytes = Array(text.utf8)
            for count in 0..<bytes.count {
                do {
                    let read = try TestModel.read(
                        Data(bytes[..<count]), as: name, with: try TestModel.reader(.skip(limit: 1), template: nil))
                    let rows = try TestModel.marked(read.examples)
                    #expect(rows == Array(Self.expected.prefix(rows.count)), "\(name) \(count)")
                    if name == "x.json" { #expect(read.report.bad >= 1, "\(count)") }
                } catch is TrainingDataError {
                    continue
                }
            }
        }
    }

    @Test("flipped bytes give rows or errors, never a crash")
    func flipped() throws {
        let text = #"[{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]},{"text":"x"}]"#
        var random = SystemRandomNumberGenerator()
        for _ in 0..<60 {
            var bytes = Array(text.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            for name in ["x.json", "x.jsonl", "x.csv"] {
                _ = try? TestModel.read(Data(bytes), as: name, with: try TestModel.reader(.skip(limit: 1)))
            }
        }
    }

    @Test("files that are no data")
    func refused() throws {
        #expect(throws: TrainingDataError.unknownFile(file: "x.txt")) { try Self.texts("x", as: "x.txt") }
        #expect(throws: TrainingDataError.notAList(file: "x.json")) { try Self.texts("7", as: "x.json") }
        #expect(throws: TrainingDataError.noHeader(file: "x.csv")) { try Self.texts("", as: "x.csv") }
        #expect(throws: TrainingDataError.noHeader(file: "x.csv")) { try Self.texts("a,a\n1,2\n", as: "x.csv") }
        #expect(throws: TrainingDataError.noRows(files: ["x.jsonl"])) { try Self.texts("", as: "x.jsonl") }
        #expect(throws: TrainingDataError.self) {
            try TestModel.reader().read([URL(fileURLWithPath: "/nonexistent/x.jsonl")]) { _ in }
        }
        #expect(throws: TrainingDataError.file(.isFolder(path: "/tmp"))) {
            try TestModel.reader().read([URL(fileURLWithPath: "/tmp")]) { _ in }
        }
    }
}
