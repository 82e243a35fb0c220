import Corpus
import Foundation
import Testing

@Suite("Tables and rows")
struct TableAndRowTests {
    private func text(of bytes: some Sequence<UInt8>, as name: String = "价格.csv") throws -> String? {
        let folder = try TemporaryFolder()
        try folder.write(name, bytes)
        try folder.build()
        return try folder.text(of: name)
    }

    @Test(arguments: [
        (
            "型号,尺寸,日租金\nPT-1210,1200×1000,0.35元\nPT-1111,1100×1100,0.30元",
            "型号：PT-1210；尺寸：1200×1000；日租金：0.35元\n型号：PT-1111；尺寸：1100×1100；日租金：0.30元"
        ),
        ("型号;价格\n\"A;1\";\"3\"\"5\"\n\"多\r\n行\";2", "型号：A;1；价格：3\"5\n型号：多 行；价格：2"),
        ("城市\t电话\n杭州\t0571-88886666\n", "城市：杭州；电话：0571-88886666"), ("sep=|\n甲|乙\n一样|两样\n", "甲：一样；乙：两样"),
        ("1,2,3\n4,5,6", "列1：1；列2：2；列3：3\n列1：4；列2：5；列3：6"), ("名称,备注\n托盘,\n,无名的一行", "名称：托盘\n备注：无名的一行"),
        ("产品问题,答案解释\n一,二三四五六", "产品问题：一；答案解释：二三四五六"),
    ])
    func rowsSayTheirColumns(source: String, expected: String) throws {
        #expect(try text(of: Array(source.utf8)) == expected)
    }

    @Test func questionsBecomePairs() throws {
        let source = "类别,问题,答案\n押金,\"押金多少？\",120元\n退还,多久退还？,三个工作日\n空,,无"
        let expected = "问：押金多少？\n答：120元\n类别：押金\n\n问：多久退还？\n答：三个工作日\n类别：退还"
        #expect(try text(of: Array(source.utf8)) == expected)
    }

    @Test func aTitleRowIsTheTitle() throws {
        let folder = try TemporaryFolder()
        try folder.write("表.csv", "2025年3月托盘价格表,,\n型号,价格,备注\nA1,35元,现货\n")
        try folder.build()
        let record = try #require(try folder.records()["表.csv"]?.first)
        #expect(record.title == "2025年3月托盘价格表" && record.date == "2025-03" && record.text == "型号：A1；价格：35元；备注：现货")
    }

    @Test func anOpenQuoteLosesNothing() throws {
        let rows = (0..<2000).map { "第\($0)行,\"没有结尾的引号" }.joined(separator: "\n")
        let text = try #require(try text(of: Array(("名称,说明\n" + rows).utf8)))
        #expect(text.contains("第0行") && text.contains("第1999行"))
        let one = try #require(try self.text(of: Array("名称,说明\n甲,\"开着的\n乙,正常的说明\n".utf8)))
        #expect(one == "名称：甲；说明：\"开着的\n名称：乙；说明：正常的说明")
    }

    @Test func rowsOfJSONLines() throws {
        let folder = try TemporaryFolder()
        try folder.write(
            "rows.jsonl",
            """
            {"title":"押金","text":"每块托盘押金120元。","date":"2025-03-01"}
            {"question":"多久退押金？","answer":"三个工作日内。"}
            {"instruction":"翻译这句话","input":"hello pallet","output":"你好，托盘"}
            {"messages":[{"role":"system","content":"x"},{"role":"user","content":"营业时间？"},{"role":"assistant","content":"8:30到17:30"}]}
            {"conversations":[{"from":"human","value":"在哪里可以租？"},{"from":"gpt","value":"各地网点都可以。"}]}
            not json at all
            {"id":3,"other":"no known field"}
            [1,2,3]
            "一个只有字符串的行，也是文字。"

            {"text":"
            """)
        let report = try folder.build()
        let rows = try #require(try folder.records()["rows.jsonl"])
        #expect(rows.map(\.part) == [1, 2, 3, 4, 5, 9])
        #expect(rows[0].title == "押金" && rows[0].date == "2025-03-01" && rows[0].dateSource == .metadata)
        #expect(rows[1].text == "问：多久退押金？\n答：三个工作日内。" && rows[1].title == "多久退押金？")
        #expect(rows[2].text == "问：翻译这句话\nhello pallet\n答：你好，托盘")
        #expect(rows[3].text == "问：营业时间？\n答：8:30到17:30")
        #expect(rows[4].text == "问：在哪里可以租？\n答：各地网点都可以。")
        #expect(report.dropped == ["damaged_row": 2, "no_text": 2])
    }

    @Test func hostileRows() throws {
        let folder = try TemporaryFolder()
        let nested = String(repeating: "[", count: 200_000)
        let objects = String(repeating: "{\"a\":", count: 50_000)
        try folder.write(
            "deep.jsonl", "\(nested)\n\(objects)\n{\"text\":\"后面的行还在这里。\"}\n{\"text\":\"\\ud800 半个代理对的文字\"}\n")
        _ = try folder.build()
        let texts = try #require(try folder.records()["deep.jsonl"]).map(\.text)
        #expect(texts.contains("后面的行还在这里。"))
    }
}
