import Foundation
import Testing
import Training

/// Each form of rows: detected by its keys, turned into tokens with the answers trained.
struct DatasetFormTests {
    private static let question = "<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\n"

    @Test(
        "forms of conversations",
        arguments: [
            (#"{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]}"#, DatasetForm.messages),
            (
                #"{"messages":[{"role":"user","content":[{"type":"text","text":"q"}]},{"role":"assistant","content":"a"}]}"#,
                .messages
            ),
            (#"{"conversations":[{"from":"human","value":"q"},{"from":"gpt","value":"a"}]}"#, .sharegpt),
            (#"{"instruction":"q","input":"","output":"a"}"#, .alpaca),
            (#"{"instruction":"q","output":"a","history":[],"system":""}"#, .alpaca),
            (#"{"query":"q","response":"a"}"#, .queryResponse),
            (#"{"question":"q","answer":"a","id":7}"#, .queryResponse),
            (
                #"{"prompt":[{"role":"user","content":"q"}],"completion":[{"role":"assistant","content":"a"}]}"#,
                .promptCompletion
            ),
        ])
    func conversations(line: String, form: DatasetForm) throws {
        let read = try TestModel.read(line, with: try TestModel.reader())
        #expect(read.report.files.map(\.form) == [form])
        #expect(try TestModel.marked(read.examples) == [Self.question + "⟦a<|im_end|>⟧\n"])
    }

    @Test("system text, history and input")
    func alpacaInFull() throws {
        let line = #"{"system":"s","history":[["h","i"]],"instruction":"q","input":"r","output":"a"}"#
        let read = try TestModel.read(line, with: try TestModel.reader())
        let expected =
            "<|im_start|>system\ns<|im_end|>\n<|im_start|>user\nh<|im_end|>\n<|im_start|>assistant\n⟦i<|im_end|>⟧\n"
            + "<|im_start|>user\nq\nr<|im_end|>\n<|im_start|>assistant\n⟦a<|im_end|>⟧\n"
        #expect(try TestModel.marked(read.examples) == [expected])
    }

    @Test("per-message loss and weight switch answers off")
    func lossPerMessage() throws {
        for key in [#""loss":false"#, #""weight":0"#] {
            let line =
                #"{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a",KEY},"#
                .replacing("KEY", with: key)
                + #"{"role":"user","content":"q"},{"role":"assistant","content":"b","loss":true,"weight":1}]}"#
            let read = try TestModel.read(line, with: try TestModel.reader())
            #expect(
                try TestModel.marked(read.examples) == [
                    Self.question + "a<|im_end|>\n" + Self.question + "⟦b<|im_end|>⟧\n"
                ])
        }
        let off = #"{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a","loss":false}]}"#
        #expect(throws: TrainingDataError.badRow(file: "rows.jsonl", line: 1, problem: .nothingSupervised)) {
            try TestModel.read(off, with: try TestModel.reader())
        }
    }

    @Test("the last answer alone, and each answer in a row of its own")
    func whichAnswers() throws {
        let line =
            #"{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"},"#
            + #"{"role":"user","content":"q"},{"role":"assistant","content":"b"}]}"#
        let last = try TestModel.read(line, with: try TestModel.reader { $0.trainedAnswers = .last })
        #expect(
            try TestModel.marked(last.examples) == [Self.question + "a<|im_end|>\n" + Self.question + "⟦b<|im_end|>⟧\n"]
        )
        let each = try TestModel.read(line, with: try TestModel.reader { $0.trainedAnswers = .separate })
        #expect(
            try TestModel.marked(each.examples) == [
                Self.question + "⟦a<|im_end|>⟧\n", Self.question + "a<|im_end|>\n" + Self.question + "⟦b<|im_end|>⟧\n",
            ])
    }

    @Test("plain text and completions end with the end of text, which is trained")
    func plainText() throws {
        let reader = try TestModel.reader(template: nil)
        let text = try TestModel.read(#"{"text":"abc","id":"x","document":"d","title":"t"}"#, with: reader)
        #expect(text.report.files.map(\.form) == [.text])
        #expect(try TestModel.marked(text.examples) == ["a⟦bc<|endoftext|>⟧"])
        let completion = try TestModel.read(#"{"prompt":"ab","completion":"cd"}"#, with: reader)
        #expect(completion.report.files.map(\.form) == [.promptCompletion])
        #expect(try TestModel.marked(completion.examples) == ["ab⟦cd<|endoftext|>⟧"])
    }

    @Test("control texts in data stay text, those of the template are control")
    func controlTexts() throws {
        let line = #"{"query":"<|im_end|>q","response":"a<|im_end|>\u0301"}"#
        let read = try TestModel.read(line, with: try TestModel.reader())
        guard case .row(let row)? = read.examples.first else { throw TrainingDataError.noRows(files: []) }
        #expect(row.tokens.count { $0 == TestModel.end } == 2)
        #expect(row.labels.count { $0 == TestModel.end } == 1)
        #expect(row.tokens.count { $0 == TestModel.begin } == 2)
    }

    @Test(
        "pairs, of each form",
        arguments: [
            #"{"prompt":[{"role":"user","content":"q"}],"chosen":"a","rejected":"b"}"#,
            #"{"prompt":"q","chosen":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],"rejected":[{"role":"user","content":"q"},{"role":"assistant","content":"b"}]}"#,
            #"{"instruction":"q","chosen":"a","rejected":"b"}"#,
            #"{"conversations":[{"from":"human","value":"q"}],"chosen":{"from":"gpt","value":"a"},"rejected":{"from":"gpt","value":"b"}}"#,
            #"{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],"rejected_response":"b"}"#,
        ])
    func pairs(line: String) throws {
        let read = try TestModel.read(line, with: try TestModel.reader())
        #expect(read.report.files.map(\.form) == [.preference])
        #expect(
            try TestModel.marked(read.examples) == [Self.question + "⟦a<|im_end|>⟧", Self.question + "⟦b<|im_end|>⟧"])
    }

    @Test("judged completions")
    func judged() throws {
        let lines = [
            #"{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],"label":true}"#,
            #"{"conversations":[{"from":"human","value":"q"},{"from":"gpt","value":"a"}],"kto_tag":true}"#,
            #"{"prompt":[{"role":"user","content":"q"}],"completion":"a","label":true}"#,
        ]
        for line in lines {
            let read = try TestModel.read(line, with: try TestModel.reader())
            #expect(read.report.files.map(\.form) == [.judged])
            #expect(try TestModel.marked(read.examples) == ["true " + Self.question + "⟦a<|im_end|>⟧"])
        }
        let plain = try TestModel.read(
            #"{"prompt":"q","completion":"a","label":false}"#, with: try TestModel.reader(template: nil))
        #expect(try TestModel.marked(plain.examples) == ["false q⟦a<|endoftext|>⟧"])
    }

    @Test("rows of ids")
    func ids() throws {
        let reader = try TestModel.reader(template: nil)
        let line = #"{"input_ids":[5,6,7,8],"labels":[-100,6,-100,9],"position_ids":[0,1,0,1]}"#
        let row = TrainingRow(tokens: [5, 6, 7, 8], labels: [-100, 6, -100, 9], positions: [0, 1, 0, 1])
        #expect(try TestModel.read(line, with: reader).examples == [.row(row)])
        let pair = PreferencePair(prompt: [1], chosen: [2, 3], rejected: [4])
        #expect(
            try TestModel.read(#"{"prompt_ids":[1],"chosen_ids":[2,3],"rejected_ids":[4]}"#, with: reader).examples == [
                .pair(pair)
            ])
        let judged = JudgedCompletion(prompt: [1], completion: [2], isWanted: false)
        #expect(
            try TestModel.read(#"{"prompt_ids":[1],"completion_ids":[2],"label":false}"#, with: reader).examples == [
                .judged(judged)
            ])
    }

    @Test("tool calls are trained, definitions and results are not")
    func tools() throws {
        let template = """
            {% if tools %}{{ 'T' + tools[0].function.name + '<|im_end|>' }}{% endif %}{% for m in messages %}\
            {{ '<|im_start|>' + m.role + '\\n' }}{% if m.tool_calls %}{% for c in m.tool_calls %}{{ c.function | tojson }}\
            {% endfor %}{% else %}{{ m.content }}{% endif %}{{ '<|im_end|>' }}{% endfor %}\
            {% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}
            """
        let lines = [
            #"{"tools":[{"type":"function","function":{"name":"f"}}],"messages":[{"role":"user","content":"q"},"#
                + #"{"role":"assistant","content":null,"tool_calls":[{"type":"function","function":{"name":"f","arguments":"{\"x\": 1}"}}]},"#
                + #"{"role":"tool","content":"7"},{"role":"assistant","content":"a"}]}"#,
            #"{"tools":"[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]","conversations":[{"from":"human","value":"q"},"#
                + #"{"from":"function_call","value":"{\"name\": \"f\", \"arguments\": {\"x\": 1}}"},"#
                + #"{"from":"observation","value":"7"},{"from":"gpt","value":"a"}]}"#,
        ]
        for line in lines {
            let read = try TestModel.read(line, with: try TestModel.reader(template: template))
            #expect(
                try TestModel.marked(read.examples) == [
                    "Tf<|im_end|><|im_start|>user\nq<|im_end|><|im_start|>assistant\n"
                        + #"⟦{"name": "f", "arguments": {"x": 1}}<|im_end|>⟧<|im_start|>tool"# + "\n7<|im_end|>"
                        + "<|im_start|>assistant\n⟦a<|im_end|>⟧"
                ])
        }
    }
}
