# Makes the replicate weights that both R and Python read. Run once (after export_data.R); the files are
# committed, so a golden does not depend on R's random numbers. Each weight column is a full weight.
source("tests/r/golden.R")

with_columns <- function(table, design, prefix, name, digits = 12) {
  columns <- signif(as.matrix(weights(design, "analysis")), digits)
  colnames(columns) <- paste0(prefix, seq_len(ncol(columns)))
  write_data(cbind(table, as.data.frame(columns)), name)
}
constants <- list()
remember <- function(name, design) {
  constants[[name]] <<- data.frame(
    file = name, replicate = seq_along(design$rscales), multiplier = design$scale * design$rscales
  )
}
school <- c("snum", "dnum", "stype", "sch.wide", "api00", "api99", "enroll", "acs.core", "pw")

# JK1 of the clustered schools; the multipliers carry the finite population.
clus1 <- read_data("apiclus1")
d <- svydesign(ids = ~dnum, weights = ~pw, fpc = ~fpc, data = clus1)
jk1 <- as.svrepdesign(d, type = "JK1")
with_columns(clus1[school], jk1, "jk", "replicates_jk1"); remember("replicates_jk1", jk1)

# The bootstrap of Rao and Wu with n - 1 draws, 60 replicates.
set.seed(20270101)
boot <- as.svrepdesign(svydesign(ids = ~dnum, weights = ~pw, data = clus1), type = "subbootstrap", replicates = 60)
with_columns(clus1[school], boot, "bs", "replicates_bootstrap"); remember("replicates_bootstrap", boot)

# JKn of the three-stage file: two strata of four villages, with fpc.
three <- read_data("three_stage")
d <- svydesign(ids = ~village, strata = ~h, weights = ~w, fpc = ~N1, nest = TRUE, data = three)
jkn <- as.svrepdesign(d, type = "JKn")
with_columns(three, jkn, "jk", "replicates_jkn"); remember("replicates_jkn", jkn)

# 37 strata of two PSUs: more strata than the small Hadamard matrices hold, and not a multiple of four.
made <- function(n, a, b, m) (a * seq_len(n)^2 + b * seq_len(n)) %% m
pairs <- expand.grid(person = 1:3, psu = 1:2, h = 1:37)
n <- nrow(pairs)
pairs$w <- 10 + made(n, 3, 7, 13)
pairs$y <- 25 + made(n, 7, 11, 71) + pairs$h
pairs$x <- 80 + made(n, 5, 2, 43)
pairs$sex <- ifelse(made(n, 1, 2, 5) < 2, "male", "female")
pairs$region <- c("north", "south", "west")[1 + pairs$h %% 3]
pairs$y[c(4, 50, 121)] <- NA
pairs <- pairs[c("h", "psu", "w", "y", "x", "sex", "region")]
d <- svydesign(ids = ~psu, strata = ~h, weights = ~w, nest = TRUE, data = pairs)
brr <- as.svrepdesign(d, type = "BRR")
with_columns(pairs, brr, "brr", "replicates_brr_many"); remember("replicates_brr_many", brr)
fay <- as.svrepdesign(d, type = "Fay", fay.rho = 0.3)
with_columns(pairs, fay, "fay", "replicates_fay_many"); remember("replicates_fay_many", fay)

# JK2: one replicate per stratum drops its first PSU and doubles the second; scale 1.
jk2 <- sapply(1:37, function(h) {
  pairs$w * ifelse(pairs$h == h, ifelse(pairs$psu == 1, 0, 2), 1)
})
colnames(jk2) <- paste0("jk", 1:37)
write_data(cbind(pairs, as.data.frame(jk2)), "replicates_jk2")
constants$replicates_jk2 <- data.frame(file = "replicates_jk2", replicate = 1:37, multiplier = 1)

# BRR with three strata: few replicates.
scd <- read_data("scd"); scd$w <- 1
d <- svydesign(ids = ~ambulance, strata = ~ESA, weights = ~w, nest = TRUE, data = scd)
brr <- as.svrepdesign(d, type = "BRR")
with_columns(scd, brr, "brr", "replicates_brr_few"); remember("replicates_brr_few", brr)

# Successive differences on the schools in the order of the file, 24 replicates made from rows of a
# Hadamard matrix: f = 1 + 2^(-3/2) (a - b) with a and b the rows i + 1 and i + 2 of the schools.
srs <- read_data("apisrs")[1:60, ]
h <- survey:::paley(23, 24)
if (any(h == 0)) h <- 2 * h - 1
stopifnot(isTRUE(all.equal(crossprod(h), diag(24) * 24, check.attributes = FALSE)))
rows_a <- 1 + seq_len(60) %% 22
rows_b <- 1 + (seq_len(60) + 1) %% 22
factors <- 1 + 2^(-1.5) * (h[1 + rows_a, ] - h[1 + rows_b, ])
columns <- signif(srs$pw * factors, 12)
colnames(columns) <- paste0("sd", 1:24)
write_data(cbind(srs[school], as.data.frame(columns)), "replicates_successive")
constants$replicates_successive <- data.frame(file = "replicates_successive", replicate = 1:24, multiplier = 4 / 24)

# Household bootstrap for the income file, kept as the number of times each household was drawn, so that
# the file stays small: a person's replicate weight is rb050 x draws x n_h / (n_h - 1), with n_h the
# households of the stratum db040.
eusilc <- read_data("eusilc")
households <- eusilc[!duplicated(eusilc$db030), c("db030", "db040")]
set.seed(20270102)
design <- svydesign(ids = ~db030, strata = ~db040, weights = ~one, data = cbind(households, one = 1))
drawn <- as.matrix(weights(as.svrepdesign(design, type = "subbootstrap", replicates = 20), "analysis"))
n_h <- table(households$db040)[as.character(households$db040)]
drawn <- round(drawn * as.numeric((n_h - 1) / n_h))
colnames(drawn) <- paste0("drawn", 1:20)
write_data(cbind(households, as.data.frame(drawn)), "replicates_eusilc_draws")
constants$replicates_eusilc <- data.frame(file = "replicates_eusilc", replicate = 1:20, multiplier = 1 / 19)

write_data(do.call(rbind, constants), "replicates_multipliers")
