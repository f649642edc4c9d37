import FileTestSupport
import Foundation
import Testing

@testable import Runs

/// What TensorBoard's own code finds in a directory, as the program of that name shows it.
struct TensorBoardReader: Decodable {
  struct Scalar: Decodable, Equatable {
    let step: Int
    let value: Double
  }
  struct Image: Decodable {
    let step, height, width, bytes: Int
  }
  struct Text: Decodable, Equatable {
    let step: Int
    let text: String
    /// As its page has it.
    let html: String
  }

  /// What TensorBoard takes for a run: a directory with event files.
  struct Run: Decodable {
    let scalars: [String: [Scalar]]
    let images: [String: [Image]]
    let texts: [String: [Text]]
  }

  /// The table of hyper-parameters.
  struct Table: Decodable {
    struct Column: Decodable, Equatable {
      let type: String
      let differs: Bool
    }
    struct Row: Decodable {
      let status: String
      let values: [String: ConfigurationEntries.Value]
      let metrics: [String: Double]
    }
    let columns: [String: Column]
    let rows: [String: Row]
  }

  let runs: [String: Run]
  let table: Table

  static let python = Python(importing: "tensorboard.plugins.hparams.backend_context", of: "tensorboard")

  private static let script = """
    import json, sys
    from google.protobuf import json_format
    from tensorboard import context, plugin_util
    from tensorboard.backend.event_processing import data_provider, event_multiplexer, plugin_event_multiplexer
    from tensorboard.plugins import base_plugin
    from tensorboard.plugins.hparams import api_pb2, backend_context, list_session_groups
    from tensorboard.util import tensor_util

    limits = {"scalars": 0, "images": 0, "tensors": 0}
    plain = event_multiplexer.EventMultiplexer(size_guidance=limits).AddRunsFromDirectory(sys.argv[1])
    plain.Reload()
    modern = plugin_event_multiplexer.EventMultiplexer(size_guidance=limits).AddRunsFromDirectory(sys.argv[1])
    modern.Reload()

    def text(event):
      text = tensor_util.make_ndarray(event.tensor_proto).item().decode()
      return {"step": event.step, "text": text, "html": plugin_util.markdown_to_safe_html(text)}

    runs = {}
    for run, tags in plain.Runs().items():
      runs[run] = {
        "scalars": {t: [{"step": e.step, "value": e.value} for e in plain.Scalars(run, t)] for t in tags["scalars"]},
        "images": {t: [{"step": e.step, "height": e.height, "width": e.width, "bytes": len(e.encoded_image_string)}
                       for e in plain.Images(run, t)] for t in tags["images"]},
        "texts": {t: [text(e) for e in modern.Tensors(run, t)]
                  for t in modern.PluginRunToTagToContent("text").get(run, {})}}

    provider = data_provider.MultiplexerDataProvider(modern, sys.argv[1])
    backend = backend_context.Context(base_plugin.TBContext(data_provider=provider))
    request = context.RequestContext()
    experiment = backend.experiment_from_metadata(request, "", True, backend.hparams_metadata(request, ""), [])
    groups = list_session_groups.Handler(request, backend, "", api_pb2.ListSessionGroupsRequest(
      slice_size=100, allowed_statuses=list(api_pb2.Status.values()), aggregation_type=api_pb2.AGGREGATION_AVG)).run()
    print("contents:" + json.dumps({"runs": runs, "table": {
      "columns": {c.name: {"type": api_pb2.DataType.Name(c.type), "differs": c.differs}
                  for c in experiment.hparam_infos},
      "rows": {g.name: {
        "status": api_pb2.Status.Name(g.sessions[0].status),
        "values": {k: json_format.MessageToDict(v) for k, v in g.hparams.items()},
        "metrics": {m.name.group + m.name.tag: m.value for m in g.metric_values}} for g in groups.session_groups}}}))
    """

  /// What is in a directory, which may be a run's or one with several.
  static func contents(of path: String) throws -> TensorBoardReader {
    let (status, text) = try python.run(script, [path])
    #expect(status == 0, "\(text)")
    let line = try #require(text.split(separator: "\n").last { $0.hasPrefix("contents:") }, "\(text)")
    return try JSONDecoder().decode(Self.self, from: Data(line.dropFirst("contents:".count).utf8))
  }

  /// The scalars of a run in its own directory and in the folders of its splits, by folder and tag.
  var scalars: [String: [Scalar]] {
    runs.reduce(into: [:]) { scalars, run in
      for (tag, values) in run.value.scalars { scalars["\(run.key):\(tag)"] = values }
    }
  }
}
