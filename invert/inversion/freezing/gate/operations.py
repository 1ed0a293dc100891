"""Which operations a file may hold. Whatever is on none of these lists is refused by name.

Only what is in ``ARITHMETIC``, ``PASSED_ON`` and ``STRUCTURE`` can stand between an image and the
logits. The other lists name what training and serving leave in a file. It is cut away before
anything is imported.
"""


def names(text: str) -> frozenset[str]:
    """Return the names in a text, which may take several lines."""
    return frozenset(text.split())


# Numbers in, numbers out. They are copied into the frozen graph as they stand.
ARITHMETIC = names("""
    Abs Acos Acosh Add AddN AddV2 All Any ArgMax ArgMin Asin Asinh Atan Atan2 Atanh AvgPool
    AvgPool3D BatchMatMul BatchMatMulV2 BatchMatMulV3 BatchNormWithGlobalNormalization
    BatchToSpace BatchToSpaceND BiasAdd BiasAddV1 BroadcastArgs BroadcastTo Cast Ceil
    ClipByValue Concat ConcatOffset ConcatV2 Conv2D Conv2DBackpropInput Conv3D
    Conv3DBackpropInputV2 Cos Cosh CropAndResize Cumprod Cumsum DepthToSpace
    DepthwiseConv2dNative Dilation2D Div DivNoNan Einsum Elu Equal Erf Erfc EuclideanNorm Exp
    ExpandDims Expm1 ExtractImagePatches FakeQuantWithMinMaxArgs FakeQuantWithMinMaxVars
    FakeQuantWithMinMaxVarsPerChannel Fill Floor FloorDiv FloorMod FusedBatchNorm
    FusedBatchNormV2 FusedBatchNormV3 Gather GatherNd GatherV2 Greater GreaterEqual Inv
    InvertPermutation IsFinite IsInf IsNan L2Loss LRN LeakyRelu Less LessEqual LinSpace Log
    Log1p LogSoftmax LogicalAnd LogicalNot LogicalOr MatMul MatrixBandPart MatrixDiag
    MatrixDiagV2 MatrixDiagV3 Max MaxPool MaxPool3D MaxPoolV2 Maximum Mean Min Minimum MirrorPad
    Mod Mul MulNoNan Neg NotEqual OneHot OnesLike Pack Pad PadV2 Pow Prod Range Rank RealDiv
    Reciprocal Relu Relu6 Reshape ResizeArea ResizeBicubic ResizeBilinear ResizeNearestNeighbor
    Reverse ReverseV2 Rint Roll Round Rsqrt ScaleAndTranslate Select SelectV2 Selu Shape ShapeN
    Sigmoid Sign Sin Sinh Size Slice Softmax Softplus Softsign SpaceToBatch SpaceToBatchND
    SpaceToDepth Split SplitV Sqrt Square SquaredDifference Squeeze StopGradient StridedSlice
    Sub Sum Tan Tanh Tile TopKV2 Transpose TruncateDiv TruncateMod Unpack Xdivy Xlog1py Xlogy
    ZerosLike
""")
# Their first inputs are their outputs.
PASSED_ON = names("""
    CheckNumerics CheckNumericsV2 EnsureShape GuaranteeConst Identity IdentityN PreventGradient
    ReadVariableOp RefIdentity Snapshot
""")
# Functions, branches, loops, variables and dropout: resolved while freezing, not left in the graph.
STRUCTURE = names("""
    BroadcastGradientArgs Case Const DisableCopyOnRead FakeParam If Merge NoOp PartitionedCall
    Placeholder PlaceholderV2 PlaceholderWithDefault RandomUniform RefMerge RefSwitch
    StatefulPartitionedCall StatelessCase StatelessIf StatelessWhile Switch TensorListFromTensor
    TensorListGetItem TensorListLength TensorListReserve TensorListSetItem TensorListStack
    VarHandleOp Variable VariableV2 While
""")
# What a graph that was trained keeps beside the way from image to logits: starting values,
# losses, gradients, updates, summaries, loops of TensorFlow 1, what decodes pictures. They touch
# nothing outside.
BYSTANDERS = names("""
    AdjustContrast AdjustContrastv2 AdjustHue AdjustSaturation ApplyAdaMax ApplyAdadelta
    ApplyAdagrad ApplyAdagradV2 ApplyAdam ApplyCenteredRMSProp ApplyFtrl ApplyFtrlV2
    ApplyGradientDescent ApplyMomentum ApplyProximalAdagrad ApplyProximalGradientDescent
    ApplyRMSProp AsString Assert Assign AssignAdd AssignAddVariableOp AssignSub
    AssignSubVariableOp AssignVariableOp AudioSummary AudioSummaryV2 AvgPool3DGrad AvgPoolGrad
    BiasAddGrad Bincount ControlTrigger Conv2DBackpropFilter Conv3DBackpropFilterV2 CountUpTo
    DecodeAndCropJpeg DecodeBmp DecodeGif DecodeImage DecodeJpeg DecodePng DenseBincount
    DepthwiseConv2dNativeBackpropFilter DepthwiseConv2dNativeBackpropInput DestroyResourceOp
    DestroyTemporaryVariable DynamicPartition DynamicStitch EluGrad EmptyTensorList Enter Exit
    FusedBatchNormGrad FusedBatchNormGradV2 FusedBatchNormGradV3 HSVToRGB HashTable HashTableV2
    HistogramSummary ImageProjectiveTransformV2 ImageProjectiveTransformV3 ImageSummary InTopK
    InTopKV2 InitializeTable InitializeTableV2 InvGrad IsVariableInitialized LRNGrad
    LeakyReluGrad ListDiff LookupTableExportV2 LookupTableFind LookupTableFindV2
    LookupTableImportV2 LookupTableInsertV2 LookupTableSize LookupTableSizeV2 LoopCond
    MaxPool3DGrad MaxPoolGrad MaxPoolGradV2 MaxPoolGradWithArgmax MaxPoolWithArgmax MergeSummary
    MirrorPadGrad Multinomial MutableHashTable MutableHashTableV2 NextIteration RGBToHSV
    RandomGamma RandomPoisson RandomShuffle RandomStandardNormal RandomUniformInt ReciprocalGrad
    RefEnter RefExit RefNextIteration Relu6Grad ReluGrad ResizeBilinearGrad
    ResizeNearestNeighborGrad ResourceApplyAdaMax ResourceApplyAdadelta ResourceApplyAdagrad
    ResourceApplyAdagradV2 ResourceApplyAdam ResourceApplyAdamWithAmsgrad
    ResourceApplyCenteredRMSProp ResourceApplyFtrl ResourceApplyFtrlV2
    ResourceApplyGradientDescent ResourceApplyKerasMomentum ResourceApplyMomentum
    ResourceApplyProximalAdagrad ResourceApplyProximalGradientDescent ResourceApplyRMSProp
    ResourceGather ResourceScatterAdd ResourceScatterUpdate RsqrtGrad SampleDistortedBoundingBox
    SampleDistortedBoundingBoxV2 ScalarSummary ScatterAdd ScatterNd ScatterSub ScatterUpdate
    SeluGrad SigmoidGrad SoftmaxCrossEntropyWithLogits SoftplusGrad SoftsignGrad
    SparseApplyAdagrad SparseApplyAdagradV2 SparseApplyFtrl SparseApplyMomentum
    SparseApplyRMSProp SparseSoftmaxCrossEntropyWithLogits SparseToDense SqrtGrad StackCloseV2
    StackPopV2 StackPushV2 StackV2 StatelessRandomGetAlg StatelessRandomGetKeyCounter
    StatelessRandomNormal StatelessRandomNormalV2 StatelessRandomUniform
    StatelessRandomUniformFullInt StatelessRandomUniformFullIntV2 StatelessRandomUniformInt
    StatelessRandomUniformIntV2 StatelessRandomUniformV2 StatelessTruncatedNormal
    StatelessTruncatedNormalV2 StridedSliceGrad StringFormat TanhGrad TemporaryVariable
    TensorArrayCloseV3 TensorArrayConcatV3 TensorArrayGatherV3 TensorArrayGradV3
    TensorArrayReadV3 TensorArrayScatterV3 TensorArraySizeV3 TensorArraySplitV3 TensorArrayV3
    TensorArrayWriteV3 TensorListConcatV2 TensorListElementShape TensorListGather
    TensorListPopBack TensorListPushBack TensorListResize TensorListScatterV2 TensorSummary
    TensorSummaryV2 TruncatedNormal Unique UniqueV2 UniqueWithCounts UnsortedSegmentSum
    VarIsInitializedOp VariableShape Where
""")
# What saves and restores, in SavedModels and checkpoints, and what reads training data there. None
# of it is ever run, here or elsewhere in this package: values are read by `variables`.
SERVING = names("""
    BatchDataset BatchDatasetV2 DecodeBase64 DecodeCSV DecodePaddedRaw DecodeRaw EncodeJpeg
    EncodePng FIFOQueue FIFOQueueV2 InitializeTableFromTextFile InitializeTableFromTextFileV2
    IteratorFromStringHandleV2 IteratorGetNext IteratorToStringHandle IteratorV2 MakeIterator
    MapDataset MergeV2Checkpoints OneShotIterator PaddingFIFOQueueV2 ParallelMapDataset
    ParallelMapDatasetV2 ParseExample ParseExampleV2 ParseSingleExample PrefetchDataset
    QueueCloseV2 QueueDequeueManyV2 QueueDequeueUpToV2 QueueDequeueV2 QueueEnqueueManyV2
    QueueEnqueueV2 QueueSizeV2 RandomShuffleQueueV2 RangeDataset RegexFullMatch RepeatDataset
    Restore RestoreSlice RestoreV2 Save SaveSlices SaveV2 ShardedFilename ShardedFilespec
    ShuffleDataset ShuffleDatasetV2 ShuffleDatasetV3 StaticRegexFullMatch StaticRegexReplace
    StringJoin StringSplit StringSplitV2 StringToNumber Substr TensorDataset TensorSliceDataset
    ZipDataset
""")

# They move pixels, and keep their values.
MOVES = names(
    "Reshape Cast ExpandDims Squeeze Transpose ResizeBilinear ResizeNearestNeighbor ReverseV2"
    " Pad StridedSlice"
)
ON_THE_WAY = ARITHMETIC | PASSED_ON | STRUCTURE
IN_A_GRAPH = ON_THE_WAY | BYSTANDERS
IN_A_SAVED_MODEL = IN_A_GRAPH | SERVING
