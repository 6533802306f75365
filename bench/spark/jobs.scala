// The jobs of bench/jobs/ for Spark: spark-shell --master 'local[2]' -i jobs.scala. What to run is in the environment:
// JOBS (name:count, separated by spaces; word-count's and tera-sort's counts are paths), PARTITIONS, RUNS, SCRATCH.
// Every run is answered by a line "RESULT name seconds answer"; the first ones of each job warm up and are not told.
import java.math.MathContext
import java.nio.file.{Files, Paths}
import java.security.MessageDigest
import org.apache.spark.HashPartitioner
import org.apache.spark.rdd.RDD

val partitions = sys.env("PARTITIONS").toInt
val scratch = sys.env("SCRATCH")
val slowSeconds = 4.0
val warmSeconds = 1.0
val warmUpsMax = 3

def timed(name: String)(run: => Any): Unit = {
  def once(): (Double, Any) = { val from = System.nanoTime; val answer = run; ((System.nanoTime - from) / 1e9, answer) }
  var results = Vector(once())
  var warm = results.head._1
  for (_ <- 1 until warmUpsMax if warm < warmSeconds) warm += once()._1
  if (results.head._1 < slowSeconds) results = Vector()
  while (results.size < sys.env("RUNS").toInt) results = results :+ once()
  for ((seconds, answer) <- results) println(s"RESULT $name $seconds $answer")
}

def tenDigits(value: Double): String = BigDecimal(value).bigDecimal.round(new MathContext(10)).toPlainString

def deleted(path: String): String = {
  val folder = new org.apache.hadoop.fs.Path(path)
  folder.getFileSystem(sc.hadoopConfiguration).delete(folder, true)
  path
}

def digest(folder: String): String = {
  val sha1 = MessageDigest.getInstance("SHA-1")
  val names = Paths.get(folder).toFile.list.filter(_.startsWith("part-")).sorted
  for (name <- names) {
    val in = Files.newInputStream(Paths.get(folder, name))
    val piece = new Array[Byte](1 << 16)
    Iterator.continually(in.read(piece)).takeWhile(_ >= 0).foreach(sha1.update(piece, 0, _))
    in.close()
  }
  sha1.digest.map("%02x".format(_)).mkString
}

def keyed(rows: Long): RDD[(Long, Long)] = sc.range(0, rows, 1, partitions).map(i => ((i * 48271L) % 1000000L, i))

def wordCount(path: String): Unit = timed("word-count") {
  val counts = sc.textFile(path, partitions).flatMap(_.split(" ")).map((_, 1L)).reduceByKey(_ + _, partitions).values
  val (words, most) = counts.aggregate((0L, 0L))((a, n) => (a._1 + 1, a._2 max n), (a, b) => (a._1 + b._1, a._2 max b._2))
  s"$words $most"
}

def filterSum(rows: Long): Unit = {
  val items = sc.range(0, rows, 1, partitions)
    .map(i => ((i * 48271 % 50).toDouble, (i * 69069 % 10000).toDouble, (i * 7 % 11).toDouble, (i * 16807 % 2557).toDouble)).cache()
  items.count()
  timed("filter-sum") {
    items.filter(r => r._1 < 24 && r._3 >= 5 && r._3 <= 7 && r._4 >= 366 && r._4 < 731).map(r => r._2 * r._3).sum()
  }
  items.unpersist(true)
}

def join(rows: Long): Unit = timed("join") {
  val left = sc.range(0, rows, 1, partitions).map(i => (i * 7 % 1000003, i))
  val right = sc.range(0, rows, 1, partitions).map(i => (i * 11 % 1000003, i))
  left.join(right, partitions).count()
}

def pageRank(nodes: Long): Unit = {
  val links = sc.range(0, nodes, 1, partitions)
    .map(i => (i, Array((i * 7 + 1) % nodes, (i * 13 + 5) % nodes, (i * i) % nodes)))
    .partitionBy(new HashPartitioner(partitions)).cache()
  links.count()
  timed("page-rank") {
    var ranks = links.mapValues(_ => 1.0)
    for (_ <- 0 until 10) {
      val given = links.join(ranks).values.flatMap { case (targets, rank) => targets.map(t => (t, rank / targets.length)) }
      ranks = given.reduceByKey(_ + _, partitions).mapValues(0.15 + 0.85 * _)
    }
    tenDigits(ranks.values.map(r => r * r).sum())
  }
  links.unpersist(true)
}

def kMeans(count: Long): Unit = {
  val points = sc.range(0, count, 1, partitions).map(i => Array.tabulate(8)(d => ((i * (d + 3) * 48271L) % 1000).toDouble)).cache()
  points.count()
  timed("k-means") {
    val centres = Array.tabulate(8)(k => Array.tabulate(8)(d => (k * 125 + d).toDouble))
    for (_ <- 0 until 10) {
      val now = centres.map(_.clone)
      val sums = points.map { p =>
        var best = 0; var bestDistance = Double.MaxValue
        for (k <- 0 until 8) {
          var distance = 0.0
          for (d <- 0 until 8) { val apart = p(d) - now(k)(d); distance += apart * apart }
          if (distance < bestDistance) { bestDistance = distance; best = k }
        }
        (best, (p, 1L))
      }.reduceByKey((a, b) => (Array.tabulate(8)(d => a._1(d) + b._1(d)), a._2 + b._2), partitions).collect()
      for ((k, (sum, n)) <- sums) centres(k) = sum.map(_ / n)
    }
    centres.flatten.sum
  }
  points.unpersist(true)
}

def teraSort(path: String): Unit = timed("tera-sort") {
  val output = deleted(s"$scratch/spark-sorted")
  sc.textFile(path, partitions).keyBy(_.take(10)).sortByKey().values.saveAsTextFile(output)
  digest(output)
}

for (Array(name, count) <- sys.env("JOBS").split(" ").map(_.split(":", 2))) name match {
  case "word-count" => wordCount(count)
  case "map-filter-sum" => timed(name) { sc.range(0, count.toLong, 1, partitions).map(_ * 3).filter(_ % 2 == 0).sum() }
  case "filter-sum" => filterSum(count.toLong)
  case "reduce-by-key" => timed(name) { keyed(count.toLong).reduceByKey(_ + _, partitions).count() }
  case "group-by-key" => timed(name) { keyed(count.toLong).groupByKey(partitions).mapValues(_.size).values.sum() }
  case "sort-by-key" => timed(name) {
    sc.range(0, count.toLong, 1, partitions).map(i => ((i * 69069L) % 4294967296L, i)).sortByKey(true, partitions).keys.take(3).mkString(",")
  }
  case "join" => join(count.toLong)
  case "page-rank" => pageRank(count.toLong)
  case "k-means" => kMeans(count.toLong)
  case "tera-sort" => teraSort(count)
  case "empty-tasks" => timed(name) { sc.parallelize(Seq[Int](), count.toInt).count() }
}
println(s"RESULT version ${sc.version} ${System.getProperty("java.version")}")
println("RESULT peak 0 " + scala.io.Source.fromFile("/proc/self/status").getLines().find(_.startsWith("VmHWM")).fold("0")(_.replaceAll("\\D", "")))
sys.exit(0)
