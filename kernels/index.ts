// The kernel module: every exported function of every family, by name. What a family shares with others is not listed.
export {
  addField, combineHashes, finishArrays, finishObjects, hashAbsent, hashBool, hashBytes, hashCodes, hashConstant,
  hashEntries, hashF32, hashF64, hashI32, hashI64, hashItems, hashLists, hashNumbersAs, hashRuns, hashUtf8, startArrays,
  unhashF64,
} from "./hash";
export { groupBytes, groupFixed, lookupBytes, lookupFixed, placeBytes, rehashBytes, rehashFixed, settleBytes } from "./group";
export { beginOrder, countOrder, endOrder, placeOrder, rekeyOrder, scatterOrder, settleOrder } from "./hash-order";
export {
  countBy, foldMaxF64, foldMinF64, foldSumF64, foldSumI32, maxByF64, maxByI32, mergeMomentsBy, minByF64, minByI32, momentLanes,
  momentsByF64, momentsByI32, sumByF64, sumByI32, sumColumnsBy, sumLanes, widenF32, widenI32, widenU8,
  writeRange,
} from "./aggregate";
export { countLists, fillLists, markGroups, probeLists, sumLists } from "./join";
export {
  addI32, copyBytes, copyRanges, fill1, fill4, fill8, gather1, gather4, gather8, gatherBytes, gatheredLength, gatherListItems,
  iota, joinLines, prefixSum, rangesLength, scatter1, scatter4, scatter8,
} from "./move";
export { gatheredPartsLength, gatherParts1, gatherParts4, gatherParts8, gatherPartsBytes, partIds } from "./parts";
export {
  andBytes, andNotBytes, countBits, countMask, orBytes, packBits, selectBits, selectMask, unpackBits, xorBytes,
} from "./bitmap";
export {
  boundWords, histogram, histogramBytes, partitionIds, rangeIdsBytes, rangeIdsF64, rangeIdsU64, scatterBytes,
  scatterIndexes, scatterPositions,
} from "./partition";
export {
  indexesOfWords, orderBool, orderF32, orderF64, orderI32, orderI64, orderWordsF64, orderWordsI32, widenIntegers,
} from "./normalize";
export { sortBegin, sortStep } from "./sort";
export { isAscii, splitColumn, splitLines, splitLineTokens, splitTokens, utf8Replacements, utf8Valid } from "./text";
export { lz4Compress, lz4Decompress } from "./lz4";
export { joinPlanes, planesPay, splitPlanes } from "./planes";
export { mergeBegin, mergeBytes, mergeU64, mergeWindow } from "./merge";
export { mergeSortBegin, mergeSortStep } from "./merge-sort";
export {
  keyLengthsFixed, keyLengthsRaw, keyLengthsUtf8, keyWriteBool, keyWriteByte, keyWriteF32, keyWriteF64, keyWriteI32,
  keyWriteRaw, keyWriteUtf8,
} from "./key-bytes";
export {
  parquetBools, parquetCodes, parquetCopy, parquetCutsUtf8, parquetDays, parquetDecimals, parquetEnds, parquetI64, parquetLevels,
  parquetSpread1, parquetSpread4, parquetSpread8, parquetTimes, parquetU32, parquetU64,
} from "./parquet";
export { snappyDecompress } from "./snappy";
export {
  pieceAt, readNumber, textChar, textCode, textCopy, textCount, textEqual, textFind, textFindLast, textLength, textLower, textOrder,
  textRepeat, textReplaceAll, textSlice, textSubstr, textSubstring, textTrim, textUpper, writeWhole,
} from "./strings";
export { distinctCodes } from "./dictionary";
export { csvRecordEnd, csvRecords } from "./csv";
