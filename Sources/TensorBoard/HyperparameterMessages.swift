import Foundation
import SwiftProtobuf

extension Hyperparameters {
  /// The columns of the table.
  func experiment(at date: Date) -> Tensorboard_Hparams_HParamsPluginData {
    var data = Tensorboard_Hparams_HParamsPluginData()
    data.experiment.timeCreatedSecs = date.timeIntervalSince1970
    data.experiment.hparamInfos = columns.sorted { $0.key < $1.key }.map { name, value in
      var column = value.column
      column.name = name
      column.differs = foremost.contains(name)
      return column
    }
    data.experiment.metricInfos = metrics.map { tag in
      var column = Tensorboard_Hparams_MetricInfo()
      column.name.tag = tag
      return column
    }
    return data
  }

  /// The run's row.
  func sessionStart(at date: Date) -> Tensorboard_Hparams_HParamsPluginData {
    var data = Tensorboard_Hparams_HParamsPluginData()
    data.sessionStartInfo.startTimeSecs = date.timeIntervalSince1970
    data.sessionStartInfo.hparams = values.mapValues(\.message)
    return data
  }

  /// The message that the run has ended.
  static func sessionEnd(at date: Date) -> Tensorboard_Hparams_HParamsPluginData {
    var data = Tensorboard_Hparams_HParamsPluginData()
    data.sessionEndInfo.status = .success
    data.sessionEndInfo.endTimeSecs = date.timeIntervalSince1970
    return data
  }
}

extension Hyperparameters.Value {
  fileprivate var message: Google_Protobuf_Value {
    switch self {
    case .number(let number): Google_Protobuf_Value(numberValue: number)
    case .text(let text): Google_Protobuf_Value(stringValue: text)
    case .flag(let flag): Google_Protobuf_Value(boolValue: flag)
    }
  }

  /// A column for values of this kind.
  fileprivate var column: Tensorboard_Hparams_HParamInfo {
    var column = Tensorboard_Hparams_HParamInfo()
    switch self {
    case .number: column.type = .float64
    case .text: column.type = .string
    case .flag:
      column.type = .bool
      // TensorBoard offers no choice of values for such a column unless they are listed.
      column.domainDiscrete.values = [Google_Protobuf_Value(boolValue: true), Google_Protobuf_Value(boolValue: false)]
    }
    return column
  }
}
