//! Sums, multiples, damping, diagonals and blocks.

use super::problem::{ROUNDING, assert_is, matrix, normal, problems};
use minima_curvature::{
    BlockDiagonal, CurvatureError, DenseOperator, Diagonal, Fisher, Ggn, GgnVariant, Hessian, LinearOperator,
    OperatorExt, SymmetricMatrix,
};
use ndarray::{Array1, Array2};
use std::ops::Range;

#[test]
fn arithmetic_on_matrices() {
    let (a, b) = (matrix(1, 5, 5), matrix(2, 5, 5));
    let [of_a, of_b] = [&a, &b].map(|m| DenseOperator::new(m.clone()));
    let eye = Array2::<f64>::eye(5);
    assert_is("A", &of_a, &a, ROUNDING);
    assert_is("A + B", &(&of_a).plus(&of_b), &(&a + &b), ROUNDING);
    assert_is("A + B", &(&of_a + &of_b), &(&a + &b), ROUNDING);
    assert_is("−3 A", &(&of_a).scaled(-3.0), &(&a * -3.0), ROUNDING);
    assert_is("A ½", &(&of_a * 0.5), &(&a * 0.5), ROUNDING);
    assert_is("A + λ I", &(&of_a).damped(0.3), &(&a + &(&eye * 0.3)), ROUNDING);
    let all = (&of_a * 2.0 + (&of_b).damped(0.1)) * -1.0 + &of_a;
    assert_is("a longer one", &all, &(-&a - &b - &(&eye * 0.1)), ROUNDING);
    assert_is("Aᵀ", &of_a.clone().transposed(), &a.reversed_axes(), ROUNDING);
}

#[test]
fn arithmetic_on_curvature() {
    for problem in problems() {
        let objective = problem.objective();
        let ggn = Ggn::new(&objective, GgnVariant::Mean).unwrap();
        let (hessian, fisher) = (Hessian::new(&objective), Fisher::empirical(&objective).unwrap());
        let [g, h, f] = [&ggn as &dyn LinearOperator<f64>, &hessian, &fisher].map(|a| a.to_dense().unwrap());
        let mixed = (&ggn + hessian * -0.5).plus(fisher).damped(0.01);
        let expected = &g - &(&h * 0.5) + &f + &(Array2::<f64>::eye(g.nrows()) * 0.01);
        assert_is("a mixture", &mixed, &expected, ROUNDING);
    }
}

#[test]
fn sizes_that_differ_are_errors() {
    let wide = DenseOperator::new(matrix(1, 3, 4));
    let v = [1.0; 4];
    let sum = (&wide).plus(DenseOperator::new(matrix(2, 5, 4)));
    assert!(matches!(sum.apply(&v), Err(CurvatureError::Size { .. })));
    assert!(matches!(sum.to_dense(), Err(CurvatureError::Size { .. })));
    assert!(matches!((&wide).damped(1.0).apply(&v), Err(CurvatureError::Size { .. })));
    assert!(matches!((&wide).damped(1.0).to_dense(), Err(CurvatureError::Size { .. })));
    assert!(matches!(SymmetricMatrix::from_lower(matrix(1, 3, 4)), Err(CurvatureError::Size { .. })));
    // A negative multiple of a non-square matrix.
    assert_is("−J", &(&wide).scaled(-1.0), &(-matrix(1, 3, 4)), ROUNDING);
}

#[test]
fn a_symmetric_matrix_is_its_lower_triangle() {
    let a = matrix(1, 6, 6);
    let expected = Array2::from_shape_fn((6, 6), |(i, j)| a[[i.max(j), i.min(j)]]);
    assert_is("symmetric", &SymmetricMatrix::from_lower(a).unwrap(), &expected, ROUNDING);
}

#[test]
fn a_diagonal_and_its_powers() {
    let values: Vec<f64> = normal(1, 7).iter().map(|x| x * x).collect();
    let diagonal = Diagonal::new(values.clone());
    let full = |f: &dyn Fn(f64) -> f64| Array2::from_diag(&Array1::from_iter(values.iter().map(|&d| f(d))));
    assert_is("D", &diagonal, &full(&|d| d), ROUNDING);
    let root = diagonal.damped_power(0.1, -0.5).unwrap();
    assert_is("(D + λ)^−½", &root, &full(&|d| 1.0 / (d + 0.1).sqrt()), ROUNDING);
    let found = Diagonal::new(vec![0.2, -0.1]).damped_power(0.1, -0.75);
    assert!(matches!(found, Err(CurvatureError::NotPositiveDefinite { .. })));
}

#[test]
fn blocks_of_layers_keep_what_layers_do_alone() {
    for problem in problems() {
        let objective = problem.objective();
        let hessian = Hessian::new(&objective);
        let full = hessian.to_dense().unwrap();
        let blocks = BlockDiagonal::of_layers(&hessian, &problem.graph).unwrap();
        let end = full.nrows();
        let within = |ranges: &[Range<usize>]| {
            let kept = |i, j| ranges.iter().any(|range| range.contains(&i) && range.contains(&j));
            Array2::from_shape_fn((end, end), |(i, j)| if kept(i, j) { full[[i, j]] } else { 0.0 })
        };
        // A bias and its kernel form a layer.
        let specs: Vec<_> = problem.graph.parameters().iter().map(|spec| spec.range.clone()).collect();
        let layers: Vec<_> = specs.chunks(2).map(|pair| pair[0].start..pair[1].end).collect();
        assert_eq!(blocks.blocks(), layers);
        assert_is("layers", &blocks, &within(&layers), ROUNDING);

        // With a gap and an empty block.
        let ranges = vec![2..9, 9..9, 20..end];
        let expected = within(&ranges);
        assert_is("ranges", &BlockDiagonal::new(&hessian, ranges).unwrap(), &expected, ROUNDING);
    }
}

#[test]
fn blocks_that_overlap_or_reach_too_far_are_errors() {
    let a = SymmetricMatrix::from_lower(matrix(1, 6, 6)).unwrap();
    #[allow(clippy::reversed_empty_ranges, clippy::single_range_in_vec_init, reason = "that is what is tested")]
    for blocks in [vec![0..3, 2..6], vec![0..7], vec![3..1], vec![4..6, 0..2]] {
        assert!(matches!(BlockDiagonal::new(&a, blocks), Err(CurvatureError::Size { .. })));
    }
}
