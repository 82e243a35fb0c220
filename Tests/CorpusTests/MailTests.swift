import Corpus
import Foundation
import Testing

@Suite("Messages")
struct MailTests {
    private func record(_ message: String, _ check: (CorpusReport) -> Void = { _ in }) throws -> CorpusRecord? {
        let folder = try TemporaryFolder()
        try folder.write("信.eml", message.replacingOccurrences(of: "\n", with: "\r\n"))
        check(try folder.build())
        return try folder.records()["信.eml"]?.first
    }

    @Test func plainMessage() throws {
        let record = try record(
            """
            From: a@example.com
            Subject: =?utf-8?B?5YWz5LqO5g==?=
             =?utf-8?B?irzph5HnmoQ=?= =?gb2312?Q?=CB=B5=C3=F7?=
            Date: Mon, 3 Mar 2025 23:12:00 +0800
            Content-Type: text/plain; charset=utf-8
            Content-Transfer-Encoding: base64

            5q+P5Z2X5omY55uY5oq86YeRMTIw5YWD44CC
            """)
        #expect(record?.title == "关于押金的说明")
        #expect(record?.date == "2025-03-03" && record?.dateSource == .header)
        #expect(record?.text == "每块托盘押金120元。")
    }

    @Test func multipartWithAttachmentAndReply() throws {
        let message = """
            Subject: Re: RE: price
            Date: 1 Apr 25 08:00:00 GMT
            Content-Type: multipart/mixed; boundary="x y"

            preamble
            --x y
            Content-Type: multipart/alternative; boundary=inner

            --inner
            Content-Type: text/plain; charset=gb18030
            Content-Transfer-Encoding: quoted-printable

            =C8=D5=D7=E2=BD=F00.35=D4=AA=A1=A3=
            =CC=EC=CC=EC

            =B7=A2=D7=D4=CE=D2=B5=C4iPhone
            On Mon, someone wrote:
            > old text of the reply
            --inner
            Content-Type: text/html

            <p>should not be taken</p>
            --inner--
            --x y
            Content-Type: application/pdf; name="=?utf-8?B?5ZCI5ZCMLnBkZg==?="
            Content-Disposition: attachment; filename*=utf-8''%E5%90%88%E5%90%8C.pdf
            Content-Transfer-Encoding: base64

            JVBERi0=
            --x y--
            """
        let record = try record(message) { report in
            #expect(report.unread.map(\.document) == ["信.eml#合同.pdf"] && report.unread.map(\.reason) == [.attachment])
            #expect(report.documentsFound == 1)
        }
        #expect(record?.title == "price" && record?.date == "2025-04-01")
        #expect(record?.text == "日租金0.35元。天天")
    }

    @Test func pageOnlyMessage() throws {
        let record = try record(
            """
            Subject: page
            Content-Type: text/html; charset=utf-8

            <html><body><h2>通知</h2><p>网点<b>搬迁</b>到新地址。</p><script>x()</script></body></html>
            """)
        #expect(record?.text == "## 通知\n\n网点搬迁到新地址。")
    }

    @Test func forwardsKeepTheirText() throws {
        let record = try record("Subject: fw\n\n> 只有引用的文字，\n> 没有别的。\n")
        #expect(record?.text == "只有引用的文字，\n没有别的。")
        let inner = try self.record(
            """
            Subject: outer
            Content-Type: message/rfc822

            Subject: inner subject
            Date: Mon, 3 Mar 2025 10:00:00 +0800

            里面的信的正文在这里。
            -- 
            签名
            """)
        #expect(inner?.text == "转发：inner subject\n\n里面的信的正文在这里。")
    }

    @Test(arguments: [
        "Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\n被截断的正文还在这里",
        "Subject: x\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n6KKr5oiq5pat55qE5q2j5paH6L+Y5Zyo6L+Z6Yc",
        "Subject: x\nContent-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n=E8=A2=AB=E6=88=AA=E6=96=AD=E7=9A=84=E6=AD=A3=E6=96=87=E8=BF=98=E5=9C=A8=",
    ])
    func truncatedMessagesGiveWhatIsThere(message: String) throws {
        #expect(try record(message)?.text.hasPrefix("被截断的正文还在") == true)
    }

    @Test func hostileMessagesEnd() throws {
        let folder = try TemporaryFolder()
        var nested = "Subject: bomb\n"
        for level in 0..<2000 { nested += "Content-Type: multipart/mixed; boundary=b\(level)\n\n--b\(level)\n" }
        try folder.write("nested.eml", nested + "\n文字\n")
        try folder.write(
            "parts.eml",
            "Subject: many\nContent-Type: multipart/mixed; boundary=b\n\n"
                + String(repeating: "--b\n\n许多的部分之一\n", count: 20_000))
        try folder.write("header.eml", "Subject: " + String(repeating: "=?utf-8?B?", count: 50_000) + "\n\n信的正文还是有的。")
        try folder.write("none.eml", "这不是一封信，只是文字。")
        try folder.write(
            "params.eml", "Content-Type: text/plain" + String(repeating: ";a=b", count: 50_000) + "\n\n参数很多的一封信。")
        try folder.write("words.eml", "Subject: =?x?y?z\nDate: 99 Foo 99999999999999999999\n\n词语坏了的一封信。")
        let report = try folder.build()
        #expect(report.unread.map(\.document) == ["none.eml"] && report.unread.map(\.reason) == [.malformed])
        #expect(try folder.text(of: "words.eml") == "词语坏了的一封信。")
        #expect(try folder.text(of: "params.eml") == "参数很多的一封信。")
    }
}
