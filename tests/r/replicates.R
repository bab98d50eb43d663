# Replicate weights read from files: JK1, JKn, JK2, BRR with few and many strata, Fay, bootstrap, successive
# differences; variance around the estimate ("estimate", survey's mse = TRUE) and around the replicates' mean
# ("mean"). The multipliers are in tests/data/replicates_multipliers.csv.
# Quantiles: "woodruff" inverts the interval of a proportion; "replicate" is the spread of the replicates' quantiles.
source("tests/r/golden.R")

multipliers <- read_data("replicates_multipliers")
multiplier <- function(file) multipliers$multiplier[multipliers$file == file]
read_design <- function(file, prefix, weight, type, mse, ...) {
  data <- read_data(file)
  columns <- data[grep(paste0("^", prefix, "[0-9]+$"), names(data))]
  data <- data[setdiff(names(data), names(columns))]
  suppressWarnings(svrepdesign(
    data = data, repweights = columns, weights = data[[weight]], type = type, combined.weights = TRUE,
    mse = mse, ...
  ))
}
kinds <- list(
  jk1 = list("replicates_jk1", "jk", "pw", "JK1", scale = multiplier("replicates_jk1")[1]),
  jkn = list("replicates_jkn", "jk", "w", "JKn", scale = 1, rscales = multiplier("replicates_jkn")),
  jk2 = list("replicates_jk2", "jk", "w", "JK2"),
  brr_many = list("replicates_brr_many", "brr", "w", "BRR"),
  brr_few = list("replicates_brr_few", "brr", "w", "BRR"),
  fay = list("replicates_fay_many", "fay", "w", "Fay", rho = 0.3),
  bootstrap = list("replicates_bootstrap", "bs", "pw", "bootstrap"),
  successive = list("replicates_successive", "sd", "pw", "successive-difference"),
  acs = list("replicates_successive", "sd", "pw", "ACS")
)
schools <- c("jk1", "bootstrap", "successive", "acs")
pairs <- c("jk2", "brr_many", "fay")

quantiles <- function(case, design, variable, by = character(), method = "mean") {
  rows <- list()
  for (domain in domains_of(design, by)) {
    inside <- domain$rows & answered(design, variable)
    part <- design[inside, ]
    df <- degf(part)
    q <- suppressWarnings(svyquantile(
      make.formula(variable), part, c(0.1, 0.25, 0.5, 0.9), interval.type = method, qrule = "math"
    ))
    name <- if (method == "quantile") "replicate" else "woodruff"
    table <- q[[1]]
    rows <- c(rows, list(new_rows(
      paste0(case, "/", name), "quantile", variable, rownames(table), domain$label, table[, 1], table[, 4],
      table[, 2], table[, 3], df, n = sum(weights(part, "sampling") != 0),
      population = sum(weights(part, "sampling"))
    )))
  }
  rows
}

rows <- list()
for (kind in names(kinds)) for (centre in c("estimate", "mean")) {
  d <- do.call(read_design, c(kinds[[kind]], mse = centre == "estimate"))
  case <- paste(kind, centre, sep = "/")
  if (kind == "brr_few") {
    rows <- c(rows, estimates(case, d, "ratio", "alive", denominator = "arrests", deff = FALSE),
              estimates(case, d, "total", "alive", deff = FALSE), estimates(case, d, "mean", "alive", deff = FALSE))
    next
  }
  if (kind %in% schools) {
    variables <- c("api00", "enroll"); ratio <- c("api00", "api99"); groups <- "sch.wide"; factor_ <- "stype"
  } else {
    variables <- "y"; ratio <- c("y", "x"); groups <- if (kind == "jkn") "sex" else c("region"); factor_ <- "sex"
  }
  for (by in list(character(), groups)) {
    for (variable in variables) {
      rows <- c(rows, estimates(case, d, "total", variable, by), estimates(case, d, "mean", variable, by),
                quantiles(case, d, variable, by), quantiles(case, d, variable, by, "quantile"))
    }
    rows <- c(rows, estimates(case, d, "ratio", ratio[1], by, denominator = ratio[2], deff = FALSE))
    if (!identical(by, factor_)) rows <- c(rows, estimates(case, d, "mean", factor_, by))
  }
}
# Domains that leave some replicates without anybody: survey drops such replicates with a warning.
d <- do.call(read_design, c(kinds$jk1, mse = TRUE))
rows <- c(rows, suppressWarnings(estimates("jk1_domains/estimate", d, "mean", "api00", "stype", deff = FALSE)))
write_golden(rows, "replicates")

# The covariance of domain means, for contrasts.
for (centre in c("estimate", "mean")) {
  d <- do.call(read_design, c(kinds$bootstrap, mse = centre == "estimate"))
  by_group <- svyby(~api00, ~sch.wide, d, svymean, covmat = TRUE)
  write_matrix(vcov(by_group), paste0("sch.wide=", rownames(by_group)), paste0("replicates_covariance_bootstrap_", centre))
}
